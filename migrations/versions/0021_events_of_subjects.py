"""The events of a record by when they happened, as timelines read them; nobody reads them by their numbers."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_NEW = ("ix_events__subject_id", ["organization_id", "subject_id", "occurred_at", "id"])
_OLD = ("ix_events__organization_id_subject_id_sequence", ["organization_id", "subject_id", "sequence"])


def upgrade() -> None:
    name, columns = _NEW
    op.create_index(name, "events", columns)
    op.drop_index(_OLD[0], table_name="events")


def downgrade() -> None:
    name, columns = _OLD
    op.create_index(name, "events", columns)
    op.drop_index(_NEW[0], table_name="events")
