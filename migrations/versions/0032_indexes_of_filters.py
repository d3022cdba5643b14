"""What a filter of a list finds stands together, in the order in which lists are unless told otherwise."""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_FILTERS = {
    "leads": ("stage", "outcome", "source"),
    "opportunities": ("step", "outcome", "pipeline_id"),
    "accounts": ("parent_id", "industry"),
    "activities": ("kind", "status", "contact_id"),
    "proposals": ("status",),
    "contracts": ("kind", "status"),
    "handoffs": ("to_user_id", "status"),
    "satisfaction_surveys": ("status", "contact_id"),
    "issues": ("status", "severity"),
    "reviews": ("filed_by",),
    "objections": ("status",),
    "products": ("series", "is_active"),
    "users": ("position", "is_active"),
    "teams": ("parent_id", "manager_id"),
    "team_targets": ("metric", "period"),
}
_OF_LOG = ("record_type", "request_id")


def upgrade() -> None:
    for table, columns in _FILTERS.items():
        for column in columns:
            op.create_index(f"ix_{table}__{column}", table, ["organization_id", column, "created_at", "id"])
    for column in _OF_LOG:
        op.create_index(f"ix_audit_log__{column}", "audit_log", ["organization_id", column, "id"])
    _replace("opportunities", "stage", "created_at", "id")
    _replace("audit_log", "record_id", "id")


def downgrade() -> None:
    _replace("audit_log", "record_id")
    _replace("opportunities", "stage", "created_at")
    for column in _OF_LOG:
        op.drop_index(f"ix_audit_log__{column}", table_name="audit_log")
    for table, columns in _FILTERS.items():
        for column in columns:
            op.drop_index(f"ix_{table}__{column}", table_name=table)


def _replace(table: str, column: str, *order: str) -> None:
    op.drop_index(f"ix_{table}__{column}", table_name=table)
    op.create_index(f"ix_{table}__{column}", table, ["organization_id", column, *order])
