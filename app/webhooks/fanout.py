"""From the log to the endpoints: one delivery per matching endpoint, and the lane it waits in.

One leader at a time holds the position in the log. Two of them could bring event n + 1 of a subject into its lane
before n. The position is a place in `(xid, id)`, read only below the oldest transaction still open: whatever commits
later has a higher place, so nothing is ever skipped.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from app.core.database import Database, Statement
from app.webhooks.subscription import MATCHES

MOST_EVENTS = 500

_lead = Statement(sa.text("SELECT xid, event_id FROM webhook_fanout_position FOR UPDATE SKIP LOCKED"))

# Lanes are locked in the order of their key, as everywhere. An existing lane is locked although nothing of it changes:
# who settles its last delivery must not remove it before this transaction's delivery can be seen.
_fan_out = Statement(
    sa.text(f"""
WITH batch AS (
    SELECT organization_id, id, type, subject_id, sequence, pipeline_id, step, team_id, owner_id, xid
    FROM events
    WHERE (xid, id) > (CAST(:xid AS xid8), CAST(:event_id AS uuid)) AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xid, id
    LIMIT CAST(:most_events AS integer)
), owed AS (
    INSERT INTO webhook_deliveries (organization_id, endpoint_id, event_id, event_type, subject_id, sequence)
    SELECT event.organization_id, endpoint.id, event.id, event.type, event.subject_id, event.sequence
    FROM batch event
    JOIN webhook_endpoints endpoint ON endpoint.organization_id = event.organization_id
        AND {MATCHES}
    ORDER BY event.xid, event.id
    ON CONFLICT DO NOTHING
    RETURNING organization_id, endpoint_id, subject_id
), lanes AS (
    INSERT INTO webhook_lanes (organization_id, endpoint_id, subject_id)
    SELECT DISTINCT organization_id, endpoint_id, subject_id FROM owed ORDER BY 1, 2, 3
    ON CONFLICT (organization_id, endpoint_id, subject_id) DO UPDATE SET due_at = webhook_lanes.due_at
    RETURNING 1
)
SELECT
    count(*) AS events,
    (SELECT count(*) FROM owed) AS deliveries,
    (SELECT xid FROM batch ORDER BY xid DESC, id DESC LIMIT 1) AS xid,
    (SELECT id FROM batch ORDER BY xid DESC, id DESC LIMIT 1) AS event_id
FROM batch
    """)  # noqa: S608 # the condition is a constant of ours
)

_move = Statement(
    sa.text("UPDATE webhook_fanout_position SET xid = CAST(:xid AS xid8), event_id = CAST(:event_id AS uuid)")
)

_is_held_back = Statement(
    sa.text(
        "SELECT EXISTS (SELECT FROM events WHERE (xid, id) > (CAST(:xid AS xid8), CAST(:event_id AS uuid))) AS is_so"
    )
)


@dataclass(frozen=True, slots=True)
class FannedOut:
    """What one step did; `is_held_back`: committed events wait for an older transaction to end."""

    events: int
    deliveries: int
    is_held_back: bool = False

    @property
    def has_more(self) -> bool:
        """Whether the next step will probably find events at once."""
        return self.events == MOST_EVENTS


async def fan_out(database: Database) -> FannedOut | None:
    """Bring the next events to the endpoints, in one short transaction; nothing when another worker leads."""
    async with database.begin_for_all() as tx:
        position = await tx.fetch_one(_lead)
        if position is None:
            return None
        done = await tx.fetch_row(_fan_out, **dict(position), most_events=MOST_EVENTS)
        if done["events"] == 0:
            return FannedOut(0, 0, await tx.fetch_value(_is_held_back, **dict(position)))
        await tx.execute(_move, xid=done["xid"], event_id=done["event_id"])
        return FannedOut(done["events"], done["deliveries"])
