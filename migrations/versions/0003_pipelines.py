"""Pipelines and their immutable versions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.walls import isolate

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pipelines",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("current_version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("subject IN ('opportunity', 'lead')", name=op.f("ck_pipelines__subject")),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_pipelines__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_pipelines"),
        sa.UniqueConstraint("organization_id", "subject", "name", name="uq_pipelines__name"),
    )
    op.create_index(
        "uq_pipelines__is_default",
        "pipelines",
        ["organization_id", "subject"],
        unique=True,
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "pipeline_versions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("definition", postgresql.JSONB(), nullable=False),
        sa.Column("published_by", sa.Uuid(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "pipeline_id"],
            ["pipelines.organization_id", "pipelines.id"],
            name="fk_pipeline_versions__pipeline_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_pipeline_versions__organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "pipeline_id", "number", name=op.f("pk_pipeline_versions")),
    )
    isolate("pipelines")
    isolate("pipeline_versions", app="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("pipeline_versions")
    op.drop_index("uq_pipelines__is_default", table_name="pipelines", postgresql_where=sa.text("is_default"))
    op.drop_table("pipelines")
