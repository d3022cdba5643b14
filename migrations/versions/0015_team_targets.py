"""Team targets and their allocations, and the index that finds forward transitions of a period."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team_targets",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("team_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("target_value", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=True),
        sa.CheckConstraint("(metric = 'revenue_won') = (currency IS NOT NULL)", name=op.f("ck_team_targets__currency")),
        sa.CheckConstraint(
            "metric IN ('revenue_won', 'deals_won', 'leads_qualified', 'meetings_held', 'opportunities_accepted', 'activities_held')",
            name=op.f("ck_team_targets__metric"),
        ),
        sa.CheckConstraint("starts_on < ends_on", name=op.f("ck_team_targets__ends_on")),
        sa.CheckConstraint("target_value > 0", name=op.f("ck_team_targets__target_value")),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["teams.organization_id", "teams.id"], name="fk_team_targets__team_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"], ["users.organization_id", "users.id"], name="fk_team_targets__user_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_team_targets__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_team_targets"),
        sa.UniqueConstraint(
            "organization_id",
            "team_id",
            "user_id",
            "metric",
            "period",
            name="uq_team_targets__period",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_team_targets__created_at", "team_targets", ["organization_id", "created_at", "id"])
    op.create_index("ix_team_targets__starts_on", "team_targets", ["organization_id", "starts_on", "id"])
    op.create_index("ix_team_targets__user_id", "team_targets", ["organization_id", "user_id"])
    op.create_table(
        "team_target_allocations",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("target_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("value", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.CheckConstraint("num_nonnulls(user_id, team_id) = 1", name=op.f("ck_team_target_allocations__user_or_team")),
        sa.CheckConstraint("value > 0", name=op.f("ck_team_target_allocations__value")),
        sa.ForeignKeyConstraint(
            ["organization_id", "target_id"],
            ["team_targets.organization_id", "team_targets.id"],
            name="fk_team_target_allocations__target_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"],
            ["teams.organization_id", "teams.id"],
            name="fk_team_target_allocations__team_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["users.organization_id", "users.id"],
            name="fk_team_target_allocations__user_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_team_target_allocations__organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_team_target_allocations"),
        sa.UniqueConstraint(
            "organization_id",
            "target_id",
            "user_id",
            "team_id",
            name="uq_team_target_allocations__target_id",
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(
        "ix_stage_transitions__occurred_at",
        "stage_transitions",
        ["organization_id", "occurred_at"],
        postgresql_where=sa.text("kind = 'forward'"),
    )
    for table in ("team_targets", "team_target_allocations"):
        isolate(table)


def downgrade() -> None:
    op.drop_index("ix_stage_transitions__occurred_at", "stage_transitions")
    op.drop_table("team_target_allocations")
    op.drop_table("team_targets")
