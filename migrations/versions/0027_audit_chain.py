"""The chain over the audit log: a link for each entry, and anchors where retention dropped what came before."""

import sqlalchemy as sa
from alembic import op

from app.core.partitions import MONTHS_AHEAD
from app.core.schema import Xid8
from app.core.walls import isolate

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_TABLES = ("audit_links", "audit_anchors")


def upgrade() -> None:
    op.create_table(
        "audit_links",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("audit_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("xid", Xid8(), nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("values_digest", sa.LargeBinary(), nullable=False),
        sa.Column("entry_digest", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "audit_id", name=op.f("pk_audit_links")),
        postgresql_partition_by="RANGE (audit_id)",
    )
    op.create_index("ix_audit_links__position", "audit_links", ["organization_id", "position"], unique=False)
    op.create_index("ix_audit_links__xid_audit_id", "audit_links", ["xid", "audit_id"], unique=False)
    op.create_table(
        "audit_anchors",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "position", name=op.f("pk_audit_anchors")),
    )
    for table in _TABLES:
        isolate(table, app="SELECT", worker="SELECT, INSERT")
        op.execute(
            f"CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()"
        )
        op.execute(
            f"CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()"
        )
    op.execute(f"SELECT create_partitions_ahead({MONTHS_AHEAD}, now())")


def downgrade() -> None:
    for table in reversed(_TABLES):
        op.drop_table(table)
