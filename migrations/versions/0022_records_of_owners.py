"""Records of an owner or a team in the order of lists, so that a page of few among many is found at once."""

from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TABLES = ("accounts", "activities", "contacts", "leads", "opportunities")


def upgrade() -> None:
    for table in _TABLES:
        for column in ("owner", "team"):
            op.create_index(f"ix_{table}__{column}", table, ["organization_id", f"{column}_id", "created_at", "id"])
            op.drop_index(f"ix_{table}__{column}_id", table_name=table)


def downgrade() -> None:
    for table in _TABLES:
        for column in ("owner", "team"):
            op.create_index(f"ix_{table}__{column}_id", table, ["organization_id", f"{column}_id"])
            op.drop_index(f"ix_{table}__{column}", table_name=table)
