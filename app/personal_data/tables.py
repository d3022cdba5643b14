"""Who was erased, and when; written by the owner's function that does it (migrations/versions/0028_erasure.py)."""

import sqlalchemy as sa

from app.core.schema import TimestampTz, metadata

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id")),
    sa.Column("record_type", sa.Text, nullable=False),
    sa.Column("record_id", sa.Uuid),
    sa.Column("erased_at", TimestampTz, nullable=False, server_default=sa.func.now()),
    sa.PrimaryKeyConstraint("organization_id", "record_id"),
)
