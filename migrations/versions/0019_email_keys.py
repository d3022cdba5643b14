"""E-mails in lower case as columns, whose indexes are of use under row-level security."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_TABLES = ("leads", "contacts")


def upgrade() -> None:
    # a stored column rewrites its table, under a lock that holds writers up meanwhile
    for table in _TABLES:
        op.add_column(table, sa.Column("email_key", sa.Text(), sa.Computed("lower(email)", persisted=True)))
        op.create_index(f"ix_{table}__email_key", table, ["organization_id", "email_key"], unique=False)
        op.drop_index(f"ix_{table}__email", table_name=table)


def downgrade() -> None:
    for table in _TABLES:
        op.create_index(
            f"ix_{table}__email", table, ["organization_id", sa.literal_column("lower(email)")], unique=False
        )
        op.drop_column(table, "email_key")
