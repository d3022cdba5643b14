"""Endpoints, what each is owed, the lanes that keep a subject's events in order, and the log of attempts."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from app.core.schema import TimestampTz, Xid8, metadata, one_of, organization_table, reference

LANE_TOKENS = "webhook_lane_tokens"

# True of every row, and said only by the statements that need the order of an index: statistics lag behind tables that
# fill and drain this fast, and without them Postgres took these indexes for lookups by key, at a hundred rows each.
NEVER = "-infinity"

lane_tokens = sa.Sequence(LANE_TOKENS, metadata=metadata)

webhook_endpoints = organization_table(
    "webhook_endpoints",
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("description", sa.Text),
    sa.Column("event_types", postgresql.ARRAY(sa.Text), nullable=False),
    sa.Column("pipeline_ids", postgresql.ARRAY(sa.Uuid)),
    sa.Column("steps", postgresql.ARRAY(sa.Text)),
    sa.Column("team_ids", postgresql.ARRAY(sa.Uuid)),
    sa.Column("owner_ids", postgresql.ARRAY(sa.Uuid)),
    sa.Column("secret", sa.LargeBinary, nullable=False),  # sealed, as the old one is
    sa.Column("old_secret", sa.LargeBinary),
    sa.Column("old_secret_expires_at", TimestampTz),
    sa.Column("state", sa.Text, nullable=False, server_default="enabled"),
    sa.Column("disabled_reason", sa.Text),
    sa.Column("failing_since", TimestampTz),
    sa.Column("consecutive_failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_success_at", TimestampTz),
    sa.Column("max_concurrency", sa.SmallInteger, nullable=False, server_default="10"),
    sa.Column("failing_subject_ids", postgresql.ARRAY(sa.Uuid), nullable=False, server_default="{}"),
    sa.Column("failed_probes", sa.Integer, nullable=False, server_default="0"),
    sa.Column("breaker_open_until", TimestampTz),
    sa.Column("is_replaying", sa.Boolean, nullable=False, server_default=sa.false()),
    one_of("state", ["enabled", "disabled"]),
    one_of("disabled_reason", ["gone", "failing"]),
    sa.CheckConstraint("max_concurrency BETWEEN 1 AND 100", name="max_concurrency"),
    sa.CheckConstraint("(old_secret IS NULL) = (old_secret_expires_at IS NULL)", name="old_secret"),
    postgresql_with={"fillfactor": "50"},  # its health is updated in place (HOT)
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("organization_id", sa.Uuid),
    sa.Column("id", sa.Uuid, server_default=sa.func.gen_random_uuid()),
    sa.Column("endpoint_id", sa.Uuid, nullable=False),
    # no foreign key: events are dropped by time, deliveries by another
    sa.Column("event_id", sa.Uuid, nullable=False),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Uuid, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False, server_default="pending"),
    sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
    sa.Column("last_status_code", sa.SmallInteger),
    sa.Column("last_error_class", sa.Text),
    sa.Column("next_attempt_at", TimestampTz),
    sa.Column("settled_at", TimestampTz),
    sa.Column("is_redelivery", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    reference("webhook_deliveries", "endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
    one_of("status", ["pending", "delivered", "failed"]),
    sa.Index(
        "uq_webhook_deliveries__event_id",
        "organization_id",
        "event_id",
        "endpoint_id",
        unique=True,
        postgresql_where=sa.text(f"created_at > '{NEVER}'"),
    ),
    sa.Index(
        "ix_webhook_deliveries__created_at",
        "organization_id",
        "endpoint_id",
        "created_at",
        "event_id",
        postgresql_where=sa.text(f"created_at > '{NEVER}'"),
    ),
    sa.Index(
        "ix_webhook_deliveries__pending",
        "organization_id",
        "endpoint_id",
        "subject_id",
        "sequence",
        postgresql_where=sa.text("status = 'pending'"),
    ),
)

webhook_lanes = sa.Table(
    "webhook_lanes",
    metadata,
    sa.Column("organization_id", sa.Uuid),
    sa.Column("endpoint_id", sa.Uuid),
    sa.Column("subject_id", sa.Uuid),
    sa.Column("due_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.Column("lease_until", TimestampTz),
    sa.Column("token", sa.BigInteger, nullable=False, server_default="0"),
    sa.PrimaryKeyConstraint("organization_id", "endpoint_id", "subject_id"),
    reference("webhook_lanes", "endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
    sa.Index(
        "ix_webhook_lanes__due_at",
        "organization_id",
        "endpoint_id",
        "due_at",
        postgresql_where=sa.text(f"due_at > '{NEVER}'"),
    ),
    postgresql_with={"fillfactor": "50"},
)

webhook_attempts = sa.Table(
    "webhook_attempts",
    metadata,
    sa.Column("organization_id", sa.Uuid),
    sa.Column("id", sa.Uuid),
    sa.Column("delivery_id", sa.Uuid, nullable=False),
    sa.Column("number", sa.SmallInteger, nullable=False),
    sa.Column("started_at", TimestampTz, nullable=False),
    sa.Column("status_code", sa.SmallInteger),
    sa.Column("error_class", sa.Text),
    sa.Column("duration_ms", sa.Integer, nullable=False),
    sa.Column("response_excerpt", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    reference("webhook_attempts", "delivery_id", "webhook_deliveries", ondelete="CASCADE"),
    sa.Index("ix_webhook_attempts__delivery_id", "organization_id", "delivery_id", "id"),
    postgresql_partition_by="RANGE (id)",
)

webhook_replays = sa.Table(
    "webhook_replays",
    metadata,
    sa.Column("organization_id", sa.Uuid),
    sa.Column("endpoint_id", sa.Uuid),
    sa.Column("after_id", sa.Uuid, nullable=False),
    sa.Column("until_id", sa.Uuid, nullable=False),
    sa.Column("event_types", postgresql.ARRAY(sa.Text), nullable=False),
    sa.Column("requested_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.PrimaryKeyConstraint("organization_id", "endpoint_id"),
    reference("webhook_replays", "endpoint_id", "webhook_endpoints", ondelete="CASCADE"),
)

webhook_fanout_position = sa.Table(
    "webhook_fanout_position",
    metadata,
    sa.Column("is_only", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("xid", Xid8, nullable=False),
    sa.Column("event_id", sa.Uuid, nullable=False),
    sa.CheckConstraint("is_only", name="is_only"),
)
