"""Pipelines and their versions; a version never changes once it is written."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.core.schema import TimestampTz, metadata, one_of, organization_table, reference

pipelines = organization_table(
    "pipelines",
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_default", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("current_version", sa.Integer, nullable=False, server_default="1"),
    one_of("subject", ["opportunity", "lead"]),
    sa.UniqueConstraint("organization_id", "subject", "name", name="uq_pipelines__name"),
    sa.Index(
        "uq_pipelines__is_default", "organization_id", "subject", unique=True, postgresql_where=sa.text("is_default")
    ),
)

pipeline_versions = sa.Table(
    "pipeline_versions",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("pipeline_id", sa.Uuid),
    sa.Column("number", sa.Integer),
    sa.Column("definition", JSONB, nullable=False),
    sa.Column("published_by", sa.Uuid),
    sa.Column("published_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.PrimaryKeyConstraint("organization_id", "pipeline_id", "number"),
    reference("pipeline_versions", "pipeline_id", "pipelines"),
)


def pinned_version(table: str) -> sa.ForeignKeyConstraint:
    """The pipeline version that a lead or a deal was opened under."""
    return sa.ForeignKeyConstraint(
        ["organization_id", "pipeline_id", "pipeline_version"],
        ["pipeline_versions.organization_id", "pipeline_versions.pipeline_id", "pipeline_versions.number"],
        name=f"fk_{table}__pipeline_id",
    )
