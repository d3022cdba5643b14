"""The record of each import that wrote something; never changed afterwards."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.core.schema import TimestampTz, metadata, reference

imports = sa.Table(
    "imports",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("id", sa.Uuid),
    sa.Column("mapping", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Uuid),
    sa.Column("counts", JSONB, nullable=False),
    sa.Column("refused_rows", sa.Integer, nullable=False),
    sa.Column("started_at", TimestampTz, nullable=False),
    sa.Column("finished_at", TimestampTz, nullable=False),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    reference("imports", "actor_id", "users"),
    sa.CheckConstraint("refused_rows >= 0", name="refused_rows"),
    sa.CheckConstraint("finished_at >= started_at", name="finished_at"),
    sa.Index("ix_imports__started_at", "organization_id", "started_at", "id"),
)
