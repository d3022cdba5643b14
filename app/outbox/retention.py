"""Forgetting old events: whole months at once, and not without a note of where each organization's log was cut off.

The note is what tells a reader who was away for too long that events are gone, instead of skipping them.
"""

from datetime import datetime

import sqlalchemy as sa

from app.core.database import Database, Statement
from app.core.partitions import drop_expired, first_id

_find_last = Statement(
    sa.text("""
SELECT last.organization_id, last.xid, last.id
FROM organizations organization
CROSS JOIN LATERAL (
    SELECT organization_id, xid, id
    FROM events
    WHERE organization_id = organization.id AND id < CAST(:before AS uuid)
    ORDER BY xid DESC, id DESC
    LIMIT 1
) last
    """)
)

_note = Statement(
    sa.text("""
INSERT INTO last_dropped_events (organization_id, xid, event_id)
SELECT * FROM unnest(CAST(:organization_ids AS uuid[]), CAST(:xids AS xid8[]), CAST(:event_ids AS uuid[]))
ON CONFLICT (organization_id) DO UPDATE SET xid = excluded.xid, event_id = excluded.event_id
WHERE (last_dropped_events.xid, last_dropped_events.event_id) < (excluded.xid, excluded.event_id)
    """)
)


async def forget_events(database: Database, before: datetime) -> list[str]:
    """Drop the months of the log that ended by `before`; gives the names of what was dropped.

    Raises asyncpg's `LockNotAvailableError` when the log stays busy for half a second.
    """
    async with database.begin_for_all() as tx:
        last = await tx.fetch_all(_find_last, before=first_id(before))
        dropped = await drop_expired(tx, "events", before)
        if dropped:
            await tx.execute(
                _note,
                organization_ids=[row["organization_id"] for row in last],
                xids=[row["xid"] for row in last],
                event_ids=[row["id"] for row in last],
            )
    return dropped
