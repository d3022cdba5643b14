"""Deliveries that are too old: those whose event is about to go are given up, those long settled are deleted.

Both walk through one organization's deliveries in the order of their events, batch by batch in short transactions.
Lanes are locked as everywhere, in the order of their key and before the deliveries.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Database, Row, Statement, Transaction
from app.core.partitions import first_id
from app.webhooks.attempt import ErrorClass
from app.webhooks.lanes import LaneKey
from app.webhooks.settling import columns_of, remove_drained

BATCH = 500

_NOTHING = UUID(int=0)


class _Range(NamedTuple):
    """Deliveries of one organization, from a place in the order of their events up to a moment."""

    organization_id: UUID
    event_id: UUID
    endpoint_id: UUID
    before: datetime


_Step: TypeAlias = Callable[[Transaction, _Range], Awaitable[Sequence[Row]]]

_find_organizations = Statement(
    sa.text("""
SELECT id FROM organizations organization
WHERE EXISTS (
    SELECT FROM webhook_deliveries
    WHERE organization_id = organization.id AND event_id < CAST(:before AS uuid) AND created_at > '-infinity'
)
ORDER BY id
    """)
)

# Says what the index by event says, and nothing that another index says: pending is what is not settled.
_IN_RANGE = """organization_id = CAST(:organization_id AS uuid) AND event_id < CAST(:before AS uuid)
        AND (event_id, endpoint_id) > (CAST(:event_id AS uuid), CAST(:endpoint_id AS uuid))
        AND created_at > '-infinity'"""

_find_pending = Statement(
    sa.text(f"""
SELECT organization_id, endpoint_id, subject_id, id, event_id
FROM webhook_deliveries
WHERE {_IN_RANGE} AND settled_at IS NULL
ORDER BY event_id, endpoint_id
LIMIT {BATCH}
    """)  # noqa: S608 # constants of this module
)

_lock_lanes = Statement(
    sa.text("""
SELECT lane.subject_id
FROM unnest(CAST(:organization_ids AS uuid[]), CAST(:endpoint_ids AS uuid[]), CAST(:subject_ids AS uuid[]))
    AS old (organization_id, endpoint_id, subject_id)
CROSS JOIN LATERAL (
    SELECT subject_id
    FROM webhook_lanes
    WHERE organization_id = old.organization_id AND endpoint_id = old.endpoint_id AND subject_id = old.subject_id
    FOR UPDATE
) lane
    """)
)

_give_up = Statement(
    sa.text("""
UPDATE webhook_deliveries
SET status = 'failed', last_error_class = :error_class, next_attempt_at = NULL, settled_at = clock_timestamp()
WHERE organization_id = CAST(:organization_id AS uuid) AND id = ANY (CAST(:ids AS uuid[])) AND status = 'pending'
    """)
)

# The next event's turn has come; a worker that holds the lane looks at it again by itself.
_make_due = Statement(
    sa.text("""
UPDATE webhook_lanes SET due_at = clock_timestamp()
FROM unnest(CAST(:organization_ids AS uuid[]), CAST(:endpoint_ids AS uuid[]), CAST(:subject_ids AS uuid[]))
    AS old (organization_id, endpoint_id, subject_id)
WHERE webhook_lanes.organization_id = old.organization_id AND webhook_lanes.endpoint_id = old.endpoint_id
    AND webhook_lanes.subject_id = old.subject_id
    """)
)

# An event is older than what came of it, so its id bounds the search.
_delete_settled = Statement(
    sa.text(f"""
WITH old AS MATERIALIZED (
    SELECT id, event_id, endpoint_id
    FROM webhook_deliveries
    WHERE {_IN_RANGE} AND settled_at < CAST(:settled_before AS timestamptz)
    ORDER BY event_id, endpoint_id
    LIMIT {BATCH}
    FOR UPDATE SKIP LOCKED
), deleted AS (
    DELETE FROM webhook_deliveries delivery USING old
    WHERE delivery.organization_id = CAST(:organization_id AS uuid) AND delivery.id = old.id
)
SELECT event_id, endpoint_id FROM old ORDER BY event_id, endpoint_id
    """)  # noqa: S608 # constants of this module
)


async def give_up_deliveries(database: Database, before: datetime) -> int:
    """Settle as failed what is still pending of events made before a moment, and free its lanes; gives their number."""
    return await _walk(database, before, _give_up_batch)


async def delete_deliveries(database: Database, before: datetime) -> int:
    """Delete what was settled before a moment, with the attempts that are still there; gives the number deleted."""
    return await _walk(database, before, _delete_batch)


async def _walk(database: Database, before: datetime, step: _Step) -> int:
    async with database.begin_for_all() as tx:
        organizations = await tx.fetch_all(_find_organizations, before=first_id(before))
    done = 0
    for organization in organizations:
        left = _Range(organization["id"], _NOTHING, _NOTHING, before)
        while True:
            async with database.begin_for_all() as tx:
                rows = await step(tx, left)
            done += len(rows)
            if len(rows) < BATCH:
                break
            left = left._replace(event_id=rows[-1]["event_id"], endpoint_id=rows[-1]["endpoint_id"])
    return done


def _parameters(left: _Range) -> dict[str, object]:
    return left._asdict() | {"before": first_id(left.before)}


async def _give_up_batch(tx: Transaction, left: _Range) -> Sequence[Row]:
    rows = await tx.fetch_all(_find_pending, **_parameters(left))
    if rows:
        lanes = columns_of(sorted({LaneKey(*row[:3]) for row in rows}))  # locked in the order of their keys
        await tx.execute(_lock_lanes, **lanes)
        await tx.execute(
            _give_up,
            organization_id=left.organization_id,
            ids=[row["id"] for row in rows],
            error_class=ErrorClass.EXPIRED,
        )
        await tx.execute(remove_drained, **lanes)
        await tx.execute(_make_due, **lanes)
    return rows


async def _delete_batch(tx: Transaction, left: _Range) -> Sequence[Row]:
    return await tx.fetch_all(_delete_settled, settled_before=left.before, **_parameters(left))
