"""Deals, contact roles, line items and objections."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opportunities",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=True),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("close_on", sa.Date(), nullable=True),
        sa.Column("pipeline_id", sa.Uuid(), nullable=False),
        sa.Column("pipeline_version", sa.Integer(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), server_default="open", nullable=False),
        sa.Column("left_stage", sa.Text(), nullable=True),
        sa.Column("probability", sa.SmallInteger(), nullable=False),
        sa.Column("forecast_category", sa.Text(), nullable=False),
        sa.Column("stage_entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("loss_reason", sa.Text(), nullable=True),
        sa.Column("loss_note", sa.Text(), nullable=True),
        sa.Column("source_opportunity_id", sa.Uuid(), nullable=True),
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
            "(outcome = 'lost') = (loss_reason IS NOT NULL)", name=op.f("ck_opportunities__loss_reason")
        ),
        sa.CheckConstraint("(outcome = 'open') = (closed_at IS NULL)", name=op.f("ck_opportunities__closed_at")),
        sa.CheckConstraint("outcome IN ('open', 'won', 'lost')", name=op.f("ck_opportunities__outcome")),
        sa.CheckConstraint(
            "(budget_amount IS NULL) = (budget_currency IS NULL)", name=op.f("ck_opportunities__budget_currency")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_opportunities__amount")),
        sa.CheckConstraint("probability BETWEEN 0 AND 100", name=op.f("ck_opportunities__probability")),
        sa.CheckConstraint("qualification_score BETWEEN 0 AND 100", name=op.f("ck_opportunities__qualification_score")),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name="fk_opportunities__account_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"], ["users.organization_id", "users.id"], name="fk_opportunities__owner_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "pipeline_id", "pipeline_version"],
            ["pipeline_versions.organization_id", "pipeline_versions.pipeline_id", "pipeline_versions.number"],
            name="fk_opportunities__pipeline_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "source_opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_opportunities__source_opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["teams.organization_id", "teams.id"], name="fk_opportunities__team_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_opportunities__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_opportunities"),
        sa.UniqueConstraint("organization_id", "external_id", name="uq_opportunities__external_id"),
        postgresql_with={"fillfactor": "85"},
    )
    op.create_index("ix_opportunities__account_id", "opportunities", ["organization_id", "account_id"], unique=False)
    op.create_index(
        "ix_opportunities__created_at", "opportunities", ["organization_id", "created_at", "id"], unique=False
    )
    op.create_index("ix_opportunities__owner_id", "opportunities", ["organization_id", "owner_id"], unique=False)
    op.create_index(
        "ix_opportunities__stage", "opportunities", ["organization_id", "stage", "created_at"], unique=False
    )
    op.create_index("ix_opportunities__team_id", "opportunities", ["organization_id", "team_id"], unique=False)
    op.create_index(
        "ix_opportunities__won",
        "opportunities",
        ["organization_id", "team_id", "closed_at"],
        unique=False,
        postgresql_include=["owner_id", "amount", "currency"],
        postgresql_where=sa.text("outcome = 'won'"),
    )
    op.create_table(
        "objections",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('open', 'resolved')", name=op.f("ck_objections__status")),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_objections__opportunity_id",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_objections__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_objections"),
    )
    op.create_index("ix_objections__opportunity_id", "objections", ["organization_id", "opportunity_id"], unique=False)
    op.create_table(
        "opportunity_contact_roles",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('decision_maker', 'economic_buyer', 'champion', 'influencer', 'user', 'other')",
            name=op.f("ck_opportunity_contact_roles__role"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name="fk_opportunity_contact_roles__contact_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_opportunity_contact_roles__opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_opportunity_contact_roles__organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_opportunity_contact_roles"),
        sa.UniqueConstraint(
            "organization_id", "opportunity_id", "contact_id", "role", name="uq_opportunity_contact_roles__role"
        ),
    )
    op.create_table(
        "opportunity_line_items",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("product_id", sa.Uuid(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("quantity", sa.Numeric(precision=12, scale=3), nullable=False),
        sa.Column("unit_price", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("discount_percent", sa.Numeric(precision=5, scale=2), server_default="0", nullable=False),
        sa.CheckConstraint(
            "discount_percent BETWEEN 0 AND 100", name=op.f("ck_opportunity_line_items__discount_percent")
        ),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_opportunity_line_items__quantity")),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_opportunity_line_items__opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "product_id"],
            ["products.organization_id", "products.id"],
            name="fk_opportunity_line_items__product_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_opportunity_line_items__organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_opportunity_line_items"),
    )
    op.create_index(
        "ix_opportunity_line_items__opportunity_id",
        "opportunity_line_items",
        ["organization_id", "opportunity_id"],
        unique=False,
    )
    isolate("opportunities")
    isolate("opportunity_contact_roles")
    isolate("opportunity_line_items")
    isolate("objections")


def downgrade() -> None:
    op.drop_index("ix_opportunity_line_items__opportunity_id", table_name="opportunity_line_items")
    op.drop_table("opportunity_line_items")
    op.drop_table("opportunity_contact_roles")
    op.drop_index("ix_objections__opportunity_id", table_name="objections")
    op.drop_table("objections")
    op.drop_index(
        "ix_opportunities__won",
        table_name="opportunities",
        postgresql_include=["owner_id", "amount", "currency"],
        postgresql_where=sa.text("outcome = 'won'"),
    )
    op.drop_index("ix_opportunities__team_id", table_name="opportunities")
    op.drop_index("ix_opportunities__stage", table_name="opportunities")
    op.drop_index("ix_opportunities__owner_id", table_name="opportunities")
    op.drop_index("ix_opportunities__created_at", table_name="opportunities")
    op.drop_index("ix_opportunities__account_id", table_name="opportunities")
    op.drop_table("opportunities")
