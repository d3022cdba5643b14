"""Activities."""

import sqlalchemy as sa
from alembic import op

from app.core.walls import isolate

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "activities",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_minutes", sa.Integer(), nullable=True),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(status = 'held') = (held_at IS NOT NULL)", name=op.f("ck_activities__held_at")),
        sa.CheckConstraint(
            "kind IN ('call', 'email', 'meeting', 'networking', 'social', 'presentation', 'demonstration', 'task', 'note')",
            name=op.f("ck_activities__kind"),
        ),
        sa.CheckConstraint("status IN ('planned', 'held', 'no_show', 'cancelled')", name=op.f("ck_activities__status")),
        sa.CheckConstraint(
            "num_nonnulls(lead_id, opportunity_id, account_id, contact_id) > 0",
            name=op.f("ck_activities__about_something"),
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["accounts.organization_id", "accounts.id"],
            name="fk_activities__account_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name="fk_activities__contact_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lead_id"], ["leads.organization_id", "leads.id"], name="fk_activities__lead_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_activities__opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "owner_id"], ["users.organization_id", "users.id"], name="fk_activities__owner_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "team_id"], ["teams.organization_id", "teams.id"], name="fk_activities__team_id"
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name="fk_activities__organization_id"),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_activities"),
        sa.UniqueConstraint("organization_id", "external_id", name="uq_activities__external_id"),
    )
    op.create_index("ix_activities__account_id", "activities", ["organization_id", "account_id"], unique=False)
    op.create_index("ix_activities__created_at", "activities", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(
        "ix_activities__held_at",
        "activities",
        ["organization_id", "held_at"],
        unique=False,
        postgresql_where=sa.text("held_at IS NOT NULL"),
    )
    op.create_index("ix_activities__lead_id", "activities", ["organization_id", "lead_id"], unique=False)
    op.create_index("ix_activities__opportunity_id", "activities", ["organization_id", "opportunity_id"], unique=False)
    op.create_index("ix_activities__owner_id", "activities", ["organization_id", "owner_id"], unique=False)
    op.create_index("ix_activities__team_id", "activities", ["organization_id", "team_id"], unique=False)
    isolate("activities")


def downgrade() -> None:
    op.drop_index("ix_activities__team_id", table_name="activities")
    op.drop_index("ix_activities__owner_id", table_name="activities")
    op.drop_index("ix_activities__opportunity_id", table_name="activities")
    op.drop_index("ix_activities__lead_id", table_name="activities")
    op.drop_index("ix_activities__held_at", table_name="activities", postgresql_where=sa.text("held_at IS NOT NULL"))
    op.drop_index("ix_activities__created_at", table_name="activities")
    op.drop_index("ix_activities__account_id", table_name="activities")
    op.drop_table("activities")
