"""Leads."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "leads",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("pipeline_version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="open", nullable=False),
        sa.Column("left_stage", sa.Text(), nullable=True),
        sa.Column("stage_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disqualified_reason", sa.Text(), nullable=True),
        sa.Column("qualified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("converted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("converted_account_id", sa.Uuid(), nullable=True),
        sa.Column("converted_contact_id", sa.Uuid(), nullable=True),
        sa.Column("converted_opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("need", sa.Text(), nullable=True),
        sa.Column("need_note", sa.Text(), nullable=True),
        sa.Column("budget_amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("budget_currency", sa.CHAR(length=3), nullable=True),
        sa.Column("budget_note", sa.Text(), nullable=True),
        sa.Column("timeline_on", sa.Date(), nullable=True),
        sa.Column("timeline_note", sa.Text(), nullable=True),
        sa.Column("decision_process", sa.Text(), nullable=True),
        sa.Column("decision_process_note", sa.Text(), nullable=True),
        sa.Column("qualification_score", sa.SmallInteger(), nullable=True),
        sa.CheckConstraint(
            "(outcome = 'converted') = (converted_opportunity_id IS NOT NULL)", name=op.f("ck_leads__outcome_converted")
        ),
        sa.CheckConstraint(
            "(outcome = 'disqualified') = (disqualified_reason IS NOT NULL)", name=op.f("ck_leads__disqualified_reason")
        ),
        sa.CheckConstraint("outcome IN ('open', 'converted', 'disqualified')", name=op.f("ck_leads__outcome")),
        sa.CheckConstraint(
            "(budget_amount IS NULL) = (budget_currency IS NULL)", name=op.f("ck_leads__budget_currency")
        ),
        sa.CheckConstraint("qualification_score BETWEEN 0 AND 100", name=op.f("ck_leads__qualification_score")),
        sa.ForeignKeyConstraint(
            ["organization_id", "converted_account_id"],
            ["accounts.organization_id", "accounts.id"],
            name="fk_leads__converted_account_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "converted_contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name="fk_leads__converted_contact_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "converted_opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_leads__converted_opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"], ["users.organization_id", "users.id"], name="fk_leads__owner_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "pipeline_id", "pipeline_version"],
            ["pipeline_versions.organization_id", "pipeline_versions.pipeline_id", "pipeline_versions.number"],
            name="fk_leads__pipeline_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["teams.organization_id", "teams.id"], name="fk_leads__team_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_leads__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_leads"),
        sa.UniqueConstraint("organization_id", "external_id", name="uq_leads__external_id"),
        postgresql_with={"fillfactor": "85"},
    )
    op.create_index(
        "ix_leads__converted_opportunity_id", "leads", ["organization_id", "converted_opportunity_id"], unique=False
    )
    op.create_index("ix_leads__created_at", "leads", ["organization_id", "created_at", "id"], unique=False)
    op.create_index("ix_leads__email", "leads", ["organization_id", sa.literal_column("lower(email)")], unique=False)
    op.create_index("ix_leads__owner_id", "leads", ["organization_id", "owner_id"], unique=False)
    op.create_index("ix_leads__team_id", "leads", ["organization_id", "team_id"], unique=False)
    isolate("leads")


def downgrade() -> None:
    op.drop_index("ix_leads__team_id", table_name="leads")
    op.drop_index("ix_leads__owner_id", table_name="leads")
    op.drop_index("ix_leads__email", table_name="leads")
    op.drop_index("ix_leads__created_at", table_name="leads")
    op.drop_index("ix_leads__converted_opportunity_id", table_name="leads")
    op.drop_table("leads")
