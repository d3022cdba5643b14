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

# Lanes are locked in the order of their key, as everywhere. An existing lane is locked although nothing of it changes:
# who settles its last delivery must not remove it before this transaction's delivery can be seen. A position that was
# moved since this statement began is read as it is now; the horizon may then be older, and fewer events are seen.
_fan_out = Statement(
    sa.text(f"""
WITH position AS MATERIALIZED (
    SELECT xid, event_id FROM webhook_fanout_position FOR UPDATE SKIP LOCKED
), batch AS MATERIALIZED (
    SELECT organization_id, id, type, subject_id, sequence, pipeline_id, step, team_id, owner_id, xid
    FROM events
    WHERE (xid, id) > ((SELECT xid FROM position), (SELECT event_id FROM position))
        AND xid < pg_snapshot_xmin(pg_current_snapshot())
        AND sequence > 0
    ORDER BY xid, id
    LIMIT CAST(:most_events AS integer)
), last AS MATERIALIZED (
    SELECT xid, id FROM batch ORDER BY xid DESC, id DESC LIMIT 1
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
), moved AS (
    UPDATE webhook_fanout_position SET xid = last.xid, event_id = last.id FROM last
)
SELECT
    (SELECT count(*) FROM position) AS leaders,
    (SELECT count(*) FROM batch) AS events,
    (SELECT count(*) FROM owed) AS deliveries,
    EXISTS (
        SELECT FROM events
        WHERE (xid, id) > (
            coalesce((SELECT xid FROM last), (SELECT xid FROM position)),
            coalesce((SELECT id FROM last), (SELECT event_id FROM position))
        )
            AND sequence > 0
    ) AS is_more_committed
    """)  # noqa: S608 # the condition is a constant of ours
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
    """Bring the next events to the endpoints, in one statement; nothing when another worker leads."""
    (done,) = await database.fetch_all_at_once(_fan_out, most_events=MOST_EVENTS)
    if not done["leaders"]:
        return None
    has_reached_horizon = done["events"] < MOST_EVENTS
    return FannedOut(done["events"], done["deliveries"], has_reached_horizon and done["is_more_committed"])
