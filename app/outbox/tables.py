"""The log of events, the counter that numbers the events of each subject, and where the log was cut off."""

import sqlalchemy as sa

from app.core.schema import TimestampTz, Xid8, metadata

subjects = sa.Table(
    "subjects",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("id", sa.Uuid),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_event_id", sa.Uuid),
    sa.Column("last_xid", Xid8),  # the database's own: whose transaction gave the last number
    sa.PrimaryKeyConstraint("organization_id", "id"),
    postgresql_with={"fillfactor": "50"},  # the counter is updated in place (HOT)
)

events = sa.Table(
    "events",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("id", sa.Uuid),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("subject_type", sa.Text, nullable=False),
    sa.Column("subject_id", sa.Uuid, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("occurred_at", TimestampTz, nullable=False),
    sa.Column("pipeline_id", sa.Uuid),
    sa.Column("step", sa.Text),
    sa.Column("team_id", sa.Uuid),
    sa.Column("owner_id", sa.Uuid),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("xid", Xid8, nullable=False, server_default=sa.func.pg_current_xact_id()),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    sa.Index("ix_events__subject_id", "organization_id", "subject_id", "occurred_at", "id"),
    # for statements over all organizations, which say `sequence > 0`, as is always so. Where the statistics do not know
    # better, Postgres would read one organization's events by it too, and pass those of all others.
    sa.Index("ix_events__all", "xid", "id", postgresql_where=sa.text("sequence > 0")),
    sa.Index("ix_events__organization_id_xid_id", "organization_id", "xid", "id"),
    postgresql_partition_by="RANGE (id)",
)

last_dropped_events = sa.Table(
    "last_dropped_events",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id"), primary_key=True),
    sa.Column("xid", Xid8, nullable=False),
    sa.Column("event_id", sa.Uuid, nullable=False),
    sa.Column("kept_from_id", sa.Uuid, nullable=False),  # the smallest id of the first month that is kept
)
