"""Hand-offs, satisfaction surveys, issues and reviews."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.walls import isolate

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "handoffs",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("from_user_id", sa.Uuid(), nullable=False),
        sa.Column("to_user_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), server_default="requested", nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decision_note", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status IN ('requested', 'accepted', 'rejected')", name=op.f("ck_handoffs__status")),
        sa.ForeignKeyConstraint(
            ["organization_id", "from_user_id"], ["users.organization_id", "users.id"], name="fk_handoffs__from_user_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_handoffs__opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "to_user_id"], ["users.organization_id", "users.id"], name="fk_handoffs__to_user_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_handoffs__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_handoffs"),
    )
    op.create_index("ix_handoffs__opportunity_id", "handoffs", ["organization_id", "opportunity_id"], unique=False)
    op.create_table(
        "issues",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("severity", sa.Text(), server_default="normal", nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("severity IN ('low', 'normal', 'high', 'critical')", name=op.f("ck_issues__severity")),
        sa.CheckConstraint("status IN ('open', 'resolved')", name=op.f("ck_issues__status")),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_issues__opportunity_id",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_issues__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_issues"),
    )
    op.create_index("ix_issues__opportunity_id", "issues", ["organization_id", "opportunity_id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("reasons", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("competitor", sa.Text(), nullable=True),
        sa.Column("lesson", sa.Text(), nullable=False),
        sa.Column("filed_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "filed_by"], ["users.organization_id", "users.id"], name="fk_reviews__filed_by"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_reviews__opportunity_id",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_reviews__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_reviews"),
    )
    op.create_index("ix_reviews__opportunity_id", "reviews", ["organization_id", "opportunity_id"], unique=False)
    op.create_table(
        "satisfaction_surveys",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("score", sa.SmallInteger(), nullable=True),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(status = 'answered') = (score IS NOT NULL)", name=op.f("ck_satisfaction_surveys__answered_score")
        ),
        sa.CheckConstraint("status IN ('attempted', 'answered')", name=op.f("ck_satisfaction_surveys__status")),
        sa.CheckConstraint("score BETWEEN 0 AND 10", name=op.f("ck_satisfaction_surveys__score")),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name="fk_satisfaction_surveys__contact_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_satisfaction_surveys__opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_satisfaction_surveys__organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_satisfaction_surveys"),
    )
    op.create_index(
        "ix_satisfaction_surveys__opportunity_id",
        "satisfaction_surveys",
        ["organization_id", "opportunity_id"],
        unique=False,
    )
    isolate("handoffs")
    isolate("satisfaction_surveys")
    isolate("issues")
    isolate("reviews")


def downgrade() -> None:
    op.drop_index("ix_satisfaction_surveys__opportunity_id", table_name="satisfaction_surveys")
    op.drop_table("satisfaction_surveys")
    op.drop_index("ix_reviews__opportunity_id", table_name="reviews")
    op.drop_table("reviews")
    op.drop_index("ix_issues__opportunity_id", table_name="issues")
    op.drop_table("issues")
    op.drop_index("ix_handoffs__opportunity_id", table_name="handoffs")
    op.drop_table("handoffs")
