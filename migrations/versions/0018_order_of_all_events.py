"""An index for the order of all organizations' events that no reader of one organization's is ever planned to use."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # the new one first: the fan-out of the release before goes on with either
    op.create_index("ix_events__all", "events", ["xid", "id"], unique=False, postgresql_where=sa.text("sequence > 0"))
    op.drop_index("ix_events__xid_id", table_name="events")


def downgrade() -> None:
    op.create_index("ix_events__xid_id", "events", ["xid", "id"], unique=False)
    op.drop_index("ix_events__all", table_name="events")
