"""Leads, contacts and deals by name, as accounts are: a name hardly ever changes, so updates stay in their page."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TABLES = ("contacts", "leads", "opportunities")


def upgrade() -> None:
    for table in _TABLES:
        op.create_index(f"ix_{table}__name", table, ["organization_id", "name", "id"])


def downgrade() -> None:
    for table in _TABLES:
        op.drop_index(f"ix_{table}__name", table_name=table)
