"""Proposals and contracts."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contracts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("signed_by_contact_id", sa.Uuid(), nullable=True),
        sa.Column("terminated_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("termination_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('contract', 'purchase')", name=op.f("ck_contracts__kind")),
        sa.CheckConstraint("status = 'draft' OR signed_on IS NOT NULL", name=op.f("ck_contracts__signed_on")),
        sa.CheckConstraint("status IN ('draft', 'signed', 'terminated')", name=op.f("ck_contracts__status")),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_contracts__amount")),
        sa.CheckConstraint("ends_on >= starts_on", name=op.f("ck_contracts__ends_on")),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_contracts__opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "signed_by_contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name="fk_contracts__signed_by_contact_id",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_contracts__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_contracts"),
    )
    op.create_index("ix_contracts__created_at", "contracts", ["organization_id", "created_at", "id"], unique=False)
    op.create_index("ix_contracts__opportunity_id", "contracts", ["organization_id", "opportunity_id"], unique=False)
    op.create_table(
        "proposals",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="draft", nullable=False),
        sa.Column("amount", sa.Numeric(precision=18, scale=2), nullable=False),
        sa.Column("currency", sa.CHAR(length=3), nullable=False),
        sa.Column("pricing", sa.Text(), nullable=True),
        sa.Column("terms", sa.Text(), nullable=True),
        sa.Column("delivery_timeline", sa.Text(), nullable=True),
        sa.Column("discount_percent", sa.Numeric(precision=5, scale=2), server_default="0", nullable=False),
        sa.Column("discount_approved_percent", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.Column("discount_approved_by", sa.Uuid(), nullable=True),
        sa.Column("discount_approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("valid_until_on", sa.Date(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'sent', 'accepted', 'rejected', 'expired')", name=op.f("ck_proposals__status")
        ),
        sa.CheckConstraint("amount >= 0", name=op.f("ck_proposals__amount")),
        sa.CheckConstraint("discount_percent BETWEEN 0 AND 100", name=op.f("ck_proposals__discount_percent")),
        sa.ForeignKeyConstraint(
            ["organization_id", "discount_approved_by"],
            ["users.organization_id", "users.id"],
            name="fk_proposals__discount_approved_by",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_proposals__opportunity_id",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_proposals__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_proposals"),
    )
    op.create_index("ix_proposals__created_at", "proposals", ["organization_id", "created_at", "id"], unique=False)
    op.create_index("ix_proposals__opportunity_id", "proposals", ["organization_id", "opportunity_id"], unique=False)
    isolate("proposals")
    isolate("contracts")


def downgrade() -> None:
    op.drop_index("ix_proposals__opportunity_id", table_name="proposals")
    op.drop_index("ix_proposals__created_at", table_name="proposals")
    op.drop_table("proposals")
    op.drop_index("ix_contracts__opportunity_id", table_name="contracts")
    op.drop_index("ix_contracts__created_at", table_name="contracts")
    op.drop_table("contracts")
