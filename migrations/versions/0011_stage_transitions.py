"""The ledger of transitions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.walls import isolate

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stage_transitions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("lead_id", sa.Uuid(), nullable=True),
        sa.Column("from_stage", sa.Text(), nullable=False),
        sa.Column("to_stage", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("overridden", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("override_reason", sa.Text(), nullable=True),
        sa.Column("loss_reason", sa.Text(), nullable=True),
        sa.Column("unmet_criteria", postgresql.JSONB(), server_default="[]", nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seconds_in_from_stage", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('forward', 'back', 'won', 'lost', 'reopen', 'complete', 'disqualify', 'recycle', 'convert')",
            name=op.f("ck_stage_transitions__kind"),
        ),
        sa.CheckConstraint("num_nonnulls(event_id, import_id) = 1", name=op.f("ck_stage_transitions__event_or_import")),
        sa.CheckConstraint("num_nonnulls(opportunity_id, lead_id) = 1", name=op.f("ck_stage_transitions__one_subject")),
        sa.CheckConstraint("seconds_in_from_stage >= 0", name=op.f("ck_stage_transitions__seconds_in_from_stage")),
        sa.ForeignKeyConstraint(
            ["organization_id", "actor_id"],
            ["users.organization_id", "users.id"],
            name="fk_stage_transitions__actor_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "lead_id"], ["leads.organization_id", "leads.id"], name="fk_stage_transitions__lead_id"
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "opportunity_id"],
            ["opportunities.organization_id", "opportunities.id"],
            name="fk_stage_transitions__opportunity_id",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_stage_transitions__organization_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_stage_transitions")),
    )
    op.create_index(
        "ix_stage_transitions__lead_id",
        "stage_transitions",
        ["organization_id", "lead_id", "occurred_at"],
        unique=False,
    )
    op.create_index(
        "ix_stage_transitions__opportunity_id",
        "stage_transitions",
        ["organization_id", "opportunity_id", "occurred_at"],
        unique=False,
    )
    op.create_index("uq_stage_transitions__event_id", "stage_transitions", ["organization_id", "event_id"], unique=True)
    isolate("stage_transitions", app="SELECT, INSERT")


def downgrade() -> None:
    op.drop_index("uq_stage_transitions__event_id", table_name="stage_transitions")
    op.drop_index("ix_stage_transitions__opportunity_id", table_name="stage_transitions")
    op.drop_index("ix_stage_transitions__lead_id", table_name="stage_transitions")
    op.drop_table("stage_transitions")
