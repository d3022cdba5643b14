"""The log of events, and the counters that number them."""

import sqlalchemy as sa
from alembic import op

from app.core.schema import Xid8
from app.core.walls import isolate

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pipeline_id", sa.Uuid(), nullable=True),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Uuid(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("xid", Xid8(), server_default=sa.text("pg_current_xact_id()"), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_events__organization_id")),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_events")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index(
        "ix_events__organization_id_subject_id_sequence",
        "events",
        ["organization_id", "subject_id", "sequence"],
        unique=False,
    )
    op.create_index("ix_events__organization_id_xid_id", "events", ["organization_id", "xid", "id"], unique=False)
    op.create_index("ix_events__xid_id", "events", ["xid", "id"], unique=False)
    op.create_table(
        "subjects",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_event_id", sa.Uuid(), nullable=True),
        sa.Column("last_xid", Xid8(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_subjects__organization_id")),
        sa.PrimaryKeyConstraint("organization_id", "id", name=op.f("pk_subjects")),
        postgresql_with={"fillfactor": "50"},
    )
    isolate("subjects", app="SELECT, INSERT, UPDATE", worker="SELECT, INSERT, UPDATE")
    isolate("events", app="SELECT, INSERT", worker="SELECT, INSERT")


def downgrade() -> None:
    op.drop_table("subjects")
    op.drop_index("ix_events__xid_id", table_name="events")
    op.drop_index("ix_events__organization_id_xid_id", table_name="events")
    op.drop_index("ix_events__organization_id_subject_id_sequence", table_name="events")
    op.drop_table("events")
