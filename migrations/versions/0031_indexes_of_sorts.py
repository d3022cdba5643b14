"""Each sort that a list offers has an index, so that any page of it is read from one place on."""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_SORTS = {
    "leads": ("updated_at", "stage_entered_at"),
    "opportunities": ("updated_at", "stage_entered_at", "amount_key", "close_on_key"),
    "accounts": ("updated_at",),
    "contacts": ("updated_at",),
    "activities": ("updated_at",),
    "proposals": ("updated_at", "amount_key"),
    "contracts": ("updated_at", "amount_key"),
    "handoffs": ("created_at", "updated_at"),
    "satisfaction_surveys": ("created_at", "updated_at"),
    "issues": ("created_at", "updated_at"),
    "reviews": ("created_at", "updated_at"),
    "objections": ("created_at",),
    "products": ("created_at", "unit_price_key"),
    "users": ("created_at", "updated_at", "name"),
    "teams": ("created_at", "updated_at"),
}


def upgrade() -> None:
    for table, columns in _SORTS.items():
        for column in columns:
            op.create_index(f"ix_{table}__{column}", table, ["organization_id", column, "id"])


def downgrade() -> None:
    for table, columns in _SORTS.items():
        for column in columns:
            op.drop_index(f"ix_{table}__{column}", table_name=table)
