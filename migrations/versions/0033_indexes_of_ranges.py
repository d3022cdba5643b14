"""Times and days that lists are filtered by, so that few records among many are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_RANGES = {
    "opportunities": ("closed_at",),
    "activities": ("planned_at",),
    "proposals": ("sent_at", "valid_until_on"),
    "contracts": ("signed_on", "ends_on"),
}


def upgrade() -> None:
    for table, columns in _RANGES.items():
        for column in columns:
            op.create_index(
                f"ix_{table}__{column}",
                table,
                ["organization_id", column],
                postgresql_where=sa.text(f"{column} IS NOT NULL"),
            )


def downgrade() -> None:
    for table, columns in _RANGES.items():
        for column in columns:
            op.drop_index(f"ix_{table}__{column}", table_name=table)
