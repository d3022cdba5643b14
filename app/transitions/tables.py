"""The ledger of transitions: written once, with its event, never changed."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.core.schema import TimestampTz, metadata, one_of, reference

KINDS = ("forward", "back", "won", "lost", "reopen", "complete", "disqualify", "recycle", "convert")

stage_transitions = sa.Table(
    "stage_transitions",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("id", sa.Uuid),
    sa.Column("opportunity_id", sa.Uuid),
    sa.Column("lead_id", sa.Uuid),
    sa.Column("from_stage", sa.Text, nullable=False),
    sa.Column("to_stage", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("overridden", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("reason", sa.Text),
    sa.Column("override_reason", sa.Text),
    sa.Column("loss_reason", sa.Text),
    sa.Column("unmet_criteria", JSONB, nullable=False, server_default="[]"),
    sa.Column("record_version", sa.Integer, nullable=False),
    sa.Column("sequence", sa.BigInteger),
    sa.Column("event_id", sa.Uuid),
    sa.Column("actor_id", sa.Uuid),
    sa.Column("occurred_at", TimestampTz, nullable=False),
    sa.Column("seconds_in_from_stage", sa.BigInteger, nullable=False),
    sa.Column("import_id", sa.Uuid),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    reference("stage_transitions", "opportunity_id", "opportunities"),
    reference("stage_transitions", "lead_id", "leads"),
    reference("stage_transitions", "actor_id", "users"),
    # an import is recorded when it is finished
    reference("stage_transitions", "import_id", "imports", deferrable=True, initially="DEFERRED"),
    one_of("kind", list(KINDS)),
    sa.CheckConstraint("num_nonnulls(opportunity_id, lead_id) = 1", name="one_subject"),
    sa.CheckConstraint("num_nonnulls(event_id, import_id) = 1", name="event_or_import"),
    sa.CheckConstraint("seconds_in_from_stage >= 0", name="seconds_in_from_stage"),
    sa.Index("ix_stage_transitions__opportunity_id", "organization_id", "opportunity_id", "occurred_at"),
    sa.Index("ix_stage_transitions__lead_id", "organization_id", "lead_id", "occurred_at"),
    sa.Index(
        "ix_stage_transitions__occurred_at",
        "organization_id",
        "occurred_at",
        postgresql_where=sa.text("kind = 'forward'"),
    ),
    sa.Index("uq_stage_transitions__event_id", "organization_id", "event_id", unique=True),
)
