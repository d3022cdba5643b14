"""The audit log, which triggers write (migrations/versions/0026_audit_log.py) and nobody changes."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import INET, JSONB

from app.core.schema import TimestampTz, Xid8, metadata

audit_log = sa.Table(
    "audit_log",
    metadata,
    # no foreign key: it would be looked up at every write, and the record's own has just been
    sa.Column("organization_id", sa.Uuid),
    sa.Column("id", sa.Uuid),
    sa.Column("occurred_at", TimestampTz, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("record_id", sa.Text, nullable=False),
    sa.Column("actor_id", sa.Uuid),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("request_id", sa.Text),
    sa.Column("client_address", INET),
    sa.Column("credential_id", sa.Text),
    sa.Column("before", JSONB),
    sa.Column("after", JSONB),
    sa.Column("xid", Xid8, nullable=False, server_default=sa.func.pg_current_xact_id()),
    sa.PrimaryKeyConstraint("organization_id", "id"),
    sa.Index("ix_audit_log__record_id", "organization_id", "record_id", "id"),
    sa.Index("ix_audit_log__record_type", "organization_id", "record_type", "id"),
    sa.Index("ix_audit_log__request_id", "organization_id", "request_id", "id"),
    sa.Index(
        "ix_audit_log__actor_id",
        "organization_id",
        "actor_id",
        "id",
        postgresql_where=sa.text("actor_id IS NOT NULL"),
    ),
    sa.Index("ix_audit_log__xid_id", "xid", "id"),
    postgresql_partition_by="RANGE (id)",
)
"""Its `id` is a UUIDv7 of the moment at which it happened."""

audit_links = sa.Table(
    "audit_links",
    metadata,
    sa.Column("organization_id", sa.Uuid),
    sa.Column("audit_id", sa.Uuid),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("xid", Xid8, nullable=False),
    sa.Column("salt", sa.LargeBinary),  # goes when the entry's values are erased: their digest then tells nothing
    sa.Column("values_digest", sa.LargeBinary, nullable=False),
    sa.Column("entry_digest", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("organization_id", "audit_id"),
    sa.Index("ix_audit_links__position", "organization_id", "position"),
    sa.Index("ix_audit_links__xid_audit_id", "xid", "audit_id"),
    postgresql_partition_by="RANGE (audit_id)",
)

audit_anchors = sa.Table(
    "audit_anchors",
    metadata,
    sa.Column("organization_id", sa.Uuid),
    sa.Column("position", sa.BigInteger),
    sa.Column("digest", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("organization_id", "position"),
)
