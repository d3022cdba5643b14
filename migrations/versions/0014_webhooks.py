"""Webhook endpoints, deliveries, lanes, attempts, and how far the log has been fanned out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.core.schema import Xid8
from app.core.walls import isolate

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SEQUENCE webhook_lane_tokens")
    op.create_table(
        "webhook_endpoints",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("event_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("pipeline_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("steps", postgresql.ARRAY(sa.Text()), nullable=True),
        sa.Column("team_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("owner_ids", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.Text(), server_default="enabled", nullable=False),
        sa.Column("disabled_reason", sa.Text(), nullable=True),
        sa.Column("failing_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("consecutive_failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_success_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("max_concurrency", sa.SmallInteger(), server_default="10", nullable=False),
        sa.Column("failing_subject_ids", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
        sa.Column("failed_probes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("breaker_open_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_replaying", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.CheckConstraint("state IN ('enabled', 'disabled')", name=op.f("ck_webhook_endpoints__state")),
        sa.CheckConstraint(
            "disabled_reason IN ('gone', 'failing')", name=op.f("ck_webhook_endpoints__disabled_reason")
        ),
        sa.CheckConstraint("max_concurrency BETWEEN 1 AND 100", name=op.f("ck_webhook_endpoints__max_concurrency")),
        sa.CheckConstraint(
            "(old_secret IS NULL) = (old_secret_expires_at IS NULL)", name=op.f("ck_webhook_endpoints__old_secret")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name="fk_webhook_endpoints__organization_id"
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name="pk_webhook_endpoints"),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), server_default="pending", nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("last_status_code", sa.SmallInteger(), nullable=True),
        sa.Column("last_error_class", sa.Text(), nullable=True),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_redelivery", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("status IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries__status")),
        sa.ForeignKeyConstraint(
            ["organization_id", "endpoint_id"],
            ["webhook_endpoints.organization_id", "webhook_endpoints.id"],
            name="fk_webhook_deliveries__endpoint_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_webhook_deliveries")),
    )
    op.create_index(
        "uq_webhook_deliveries__event_id",
        "webhook_deliveries",
        ["organization_id", "event_id", "endpoint_id"],
        unique=True,
        postgresql_where=sa.text("created_at > '-infinity'"),
    )
    op.create_index(
        "ix_webhook_deliveries__created_at",
        "webhook_deliveries",
        ["organization_id", "endpoint_id", "created_at", "event_id"],
        unique=False,
        postgresql_where=sa.text("created_at > '-infinity'"),
    )
    op.create_index(
        "ix_webhook_deliveries__pending",
        "webhook_deliveries",
        ["organization_id", "endpoint_id", "subject_id", "sequence"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
    )
    op.create_table(
        "webhook_lanes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("token", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "endpoint_id"],
            ["webhook_endpoints.organization_id", "webhook_endpoints.id"],
            name="fk_webhook_lanes__endpoint_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "endpoint_id", "subject_id", name=op.f("pk_webhook_lanes")),
        postgresql_with={"fillfactor": "50"},
    )
    op.create_index(
        "ix_webhook_lanes__due_at",
        "webhook_lanes",
        ["organization_id", "endpoint_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("due_at > '-infinity'"),
    )
    op.create_table(
        "webhook_attempts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status_code", sa.SmallInteger(), nullable=True),
        sa.Column("error_class", sa.Text(), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("response_excerpt", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "delivery_id"],
            ["webhook_deliveries.organization_id", "webhook_deliveries.id"],
            name="fk_webhook_attempts__delivery_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_webhook_attempts")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_webhook_attempts__delivery_id", "webhook_attempts", ["organization_id", "delivery_id", "id"], unique=False
    )
    op.create_table(
        "webhook_replays",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=False),
        sa.Column("until_id", sa.Uuid(), nullable=False),
        sa.Column("event_types", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "endpoint_id"],
            ["webhook_endpoints.organization_id", "webhook_endpoints.id"],
            name="fk_webhook_replays__endpoint_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "endpoint_id", name=op.f("pk_webhook_replays")),
    )
    op.create_table(
        "webhook_fanout_position",
        sa.Column("is_only", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("is_only", name=op.f("ck_webhook_fanout_position__is_only")),
        sa.PrimaryKeyConstraint("is_only", name=op.f("pk_webhook_fanout_position")),
    )
    op.execute(
        "INSERT INTO webhook_fanout_position (xid, event_id) VALUES ('0', '00000000-0000-0000-0000-000000000000')"
    )
    isolate("webhook_endpoints", worker="SELECT, UPDATE")
    isolate("webhook_deliveries", app="SELECT, UPDATE", worker="SELECT, INSERT, UPDATE, DELETE")
    isolate("webhook_lanes", app="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE, DELETE")
    isolate("webhook_attempts", app="SELECT", worker="SELECT, INSERT")
    isolate("webhook_replays", app="SELECT, INSERT, UPDATE", worker="SELECT, UPDATE, DELETE")
    # of no organization: how far the one log of all of them has been read, for the worker only
    op.execute("ALTER TABLE webhook_fanout_position ENABLE ROW LEVEL SECURITY")
    op.execute("ALTER TABLE webhook_fanout_position FORCE ROW LEVEL SECURITY")
    op.execute("CREATE POLICY worker ON webhook_fanout_position TO stageline_worker USING (true) WITH CHECK (true)")
    op.execute("GRANT SELECT, UPDATE ON webhook_fanout_position TO stageline_worker")
    op.execute("GRANT USAGE ON SEQUENCE webhook_lane_tokens TO stageline_worker")


def downgrade() -> None:
    op.drop_table("webhook_fanout_position")
    op.drop_table("webhook_replays")
    op.drop_index("ix_webhook_attempts__delivery_id", table_name="webhook_attempts")
    op.drop_table("webhook_attempts")
    op.drop_index("ix_webhook_lanes__due_at", table_name="webhook_lanes")
    op.drop_table("webhook_lanes")
    op.drop_index("ix_webhook_deliveries__pending", table_name="webhook_deliveries")
    op.drop_index("ix_webhook_deliveries__created_at", table_name="webhook_deliveries")
    op.drop_index("uq_webhook_deliveries__event_id", table_name="webhook_deliveries")
    op.drop_table("webhook_deliveries")
    op.drop_table("webhook_endpoints")
    op.execute("DROP SEQUENCE webhook_lane_tokens")
