"""Putting replays together: batch by batch the events of a range are owed again, then deliveries go on.

Only what the fan-out has passed: what is above its position it will bring by itself. The order of locks is the usual
one: lanes by their key, then deliveries; the endpoint comes in a transaction of its own.
"""

import sqlalchemy as sa

from app.core.database import Database, Row, Statement, Transaction
from app.webhooks.subscription import MATCHES
from app.webhooks.tables import NEVER

MOST_EVENTS = 1_000

_take = Statement(
    sa.text("""
SELECT replay.organization_id, replay.endpoint_id, replay.after_id, replay.until_id, replay.event_types,
    position.xid, position.event_id
FROM webhook_replays replay
CROSS JOIN webhook_fanout_position position
ORDER BY replay.requested_at
LIMIT 1
FOR UPDATE OF replay SKIP LOCKED
    """)
)

_find_end = Statement(
    sa.text("""
SELECT id FROM events
WHERE organization_id = CAST(:organization_id AS uuid)
    AND id > CAST(:after_id AS uuid) AND id < CAST(:until_id AS uuid)
ORDER BY id
LIMIT 1 OFFSET CAST(:most_events AS integer) - 1
    """)
)

_EVENTS = f"""
FROM events event
JOIN webhook_endpoints endpoint
    ON endpoint.organization_id = event.organization_id AND endpoint.id = CAST(:endpoint_id AS uuid)
WHERE event.organization_id = CAST(:organization_id AS uuid)
    AND event.id > CAST(:after_id AS uuid) AND event.id <= CAST(:end_id AS uuid)
    AND (event.xid, event.id) <= (CAST(:xid AS xid8), CAST(:event_id AS uuid))
    AND CAST(:event_types AS text[]) && ARRAY['*', split_part(event.type, '.', 1) || '.*', event.type]
    AND {MATCHES}"""

_put_lanes = Statement(
    sa.text(f"""
INSERT INTO webhook_lanes (organization_id, endpoint_id, subject_id)
SELECT DISTINCT event.organization_id, endpoint.id, event.subject_id {_EVENTS}
ORDER BY 1, 2, 3
ON CONFLICT (organization_id, endpoint_id, subject_id) DO UPDATE SET due_at = now()
    """)  # the events are a constant of this module
)

_owe = Statement(
    sa.text(f"""
INSERT INTO webhook_deliveries
    (organization_id, endpoint_id, event_id, event_type, subject_id, sequence, is_redelivery)
SELECT event.organization_id, endpoint.id, event.id, event.type, event.subject_id, event.sequence, true {_EVENTS}
ON CONFLICT (organization_id, event_id, endpoint_id) WHERE created_at > '{NEVER}' DO UPDATE
SET status = 'pending', attempts = 0, next_attempt_at = NULL, settled_at = NULL, is_redelivery = true
WHERE webhook_deliveries.status <> 'pending'
    """)  # the events are a constant of this module
)

_KEY = "organization_id = CAST(:organization_id AS uuid) AND endpoint_id = CAST(:endpoint_id AS uuid)"

_move = Statement(sa.text(f"UPDATE webhook_replays SET after_id = CAST(:end_id AS uuid) WHERE {_KEY}"))  # noqa: S608 # a constant

_end = Statement(
    sa.text(f"""
WITH ended AS (DELETE FROM webhook_replays WHERE {_KEY})
UPDATE webhook_endpoints SET is_replaying = false
WHERE organization_id = CAST(:organization_id AS uuid) AND id = CAST(:endpoint_id AS uuid)
    """)  # noqa: S608 # the key is a constant of this module
)


async def replay_batch(database: Database, most_events: int = MOST_EVENTS) -> bool:
    """Do the next step of the oldest replay that no other worker has in hand; false when there is none."""
    async with database.begin_for_all() as tx:
        replay = await tx.fetch_one(_take)
        if replay is None:
            return False
        if replay["after_id"] < replay["until_id"]:
            await _owe_batch(tx, replay, most_events)
        else:
            await tx.execute(_end, organization_id=replay["organization_id"], endpoint_id=replay["endpoint_id"])
        return True


async def _owe_batch(tx: Transaction, replay: Row, most_events: int) -> None:
    key = {"organization_id": replay["organization_id"], "endpoint_id": replay["endpoint_id"]}
    last_id = await tx.fetch_value(
        _find_end,
        organization_id=replay["organization_id"],
        after_id=replay["after_id"],
        until_id=replay["until_id"],
        most_events=most_events,
    )
    end_id = last_id or replay["until_id"]
    batch = {name: replay[name] for name in ("after_id", "event_types", "xid", "event_id")}
    await tx.execute(_put_lanes, end_id=end_id, **key, **batch)
    await tx.execute(_owe, end_id=end_id, **key, **batch)
    await tx.execute(_move, end_id=end_id, **key)
