"""Who a record belongs to: its owner, and the team it counts for."""

import sqlalchemy as sa

from app.core.schema import reference


def ownership(table: str) -> list[sa.schema.SchemaItem]:
    """Columns `owner_id` and `team_id` with their foreign keys and indexes."""
    return [
        sa.Column("owner_id", sa.Uuid),
        sa.Column("team_id", sa.Uuid),
        reference(table, "owner_id", "users"),
        reference(table, "team_id", "teams"),
        sa.Index(f"ix_{table}__owner", "organization_id", "owner_id", "created_at", "id"),
        sa.Index(f"ix_{table}__team", "organization_id", "team_id", "created_at", "id"),
    ]
