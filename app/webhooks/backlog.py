"""How far behind the workers are, all of them together: what waits for one, and what receivers have not taken."""

import time
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Database, Statement

# Of endpoints that take messages: what waits for a receiver says nothing of the worker.
_find_oldest = Statement(
    sa.text("""
SELECT
    (
        SELECT extract(epoch FROM now() - min(lane.due_at))
        FROM webhook_endpoints endpoint
        CROSS JOIN LATERAL (
            SELECT due_at FROM webhook_lanes
            WHERE organization_id = endpoint.organization_id AND endpoint_id = endpoint.id
                AND due_at > '-infinity' AND due_at <= now()
            ORDER BY due_at
            LIMIT 1
        ) lane
        WHERE endpoint.state = 'enabled' AND endpoint.breaker_open_until IS NULL AND NOT endpoint.is_replaying
    ) AS lane_seconds,
    (
        SELECT id FROM events
        WHERE (xid, id) > (SELECT xid, event_id FROM webhook_fanout_position) AND sequence > 0
        ORDER BY xid, id
        LIMIT 1
    ) AS event_id
    """)
)

# Lanes are what is pending, one per subject: the first delivery of each is its oldest. Bounded, so that an outage of a
# receiver with a million subjects costs no more to look at than ten thousand.
_find_backlog = Statement(
    sa.text("""
SELECT
    (
        SELECT count(*)
        FROM (
            SELECT
            FROM webhook_endpoints endpoint
            JOIN webhook_lanes lane ON lane.organization_id = endpoint.organization_id
                AND lane.endpoint_id = endpoint.id AND lane.due_at > '-infinity' AND lane.due_at <= now()
            WHERE endpoint.state = 'enabled' AND NOT endpoint.is_replaying
            LIMIT 10000
        ) due
    ) AS lanes_due,
    (
        SELECT delivery.event_id
        FROM (SELECT organization_id, endpoint_id, subject_id FROM webhook_lanes LIMIT 10000) lane
        CROSS JOIN LATERAL (
            SELECT event_id FROM webhook_deliveries
            WHERE organization_id = lane.organization_id AND endpoint_id = lane.endpoint_id
                AND subject_id = lane.subject_id AND status = 'pending'
            ORDER BY sequence
            LIMIT 1
        ) delivery
        ORDER BY delivery.event_id
        LIMIT 1
    ) AS event_id
    """)
)


@dataclass(frozen=True, slots=True)
class OldestWork:
    """For how many seconds the oldest event has not been fanned out, and the oldest lane been due."""

    event_seconds: float
    due_lane_seconds: float


@dataclass(frozen=True, slots=True)
class Backlog:
    """Lanes that could be claimed now, and the age in seconds of the oldest event that an endpoint is still owed."""

    lanes_due: int
    oldest_undelivered_seconds: float


async def oldest_work(database: Database) -> OldestWork:
    """What waits for a worker."""
    async with database.begin_for_all() as tx:
        oldest = await tx.fetch_row(_find_oldest)
    return OldestWork(_age_seconds(oldest["event_id"]), float(oldest["lane_seconds"] or 0))


async def backlog(database: Database) -> Backlog:
    """What is owed."""
    async with database.begin_for_all() as tx:
        found = await tx.fetch_row(_find_backlog)
    return Backlog(found["lanes_due"], _age_seconds(found["event_id"]))


def _age_seconds(event_id: UUID | None) -> float:
    """How long ago an event was recorded, by its UUIDv7; 0 for none."""
    return 0.0 if event_id is None else max(0.0, time.time() - (event_id.int >> 80) / 1000)
