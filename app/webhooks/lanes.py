"""Claiming lanes: for each endpoint the due subjects, leased to one worker under a token that only grows.

A lane is one row per (endpoint, subject) with something pending. A subject whose first event cannot be delivered costs
one row that is not due, however many events wait behind it. A lease that ran out makes its lane due again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Database, Row, Statement
from app.core.persistence import persistently
from app.webhooks.endpoint_secrets import SealedSecrets


class LaneKey(NamedTuple):
    """The key of a lane, in the order in which lanes are always locked."""

    organization_id: UUID
    endpoint_id: UUID
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that an endpoint is owed; `attempts` were made before."""

    id: UUID
    event_id: UUID
    attempts: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane in our hands, with its first deliveries in their order."""

    key: LaneKey
    token: int
    url: str
    secrets: SealedSecrets = field(repr=False)
    deliveries: Sequence[Delivery]
    max_concurrency: int
    is_probe: bool = False  # the endpoint's breaker is open, and this lane alone asks whether it is back


@dataclass(frozen=True, slots=True)
class Claim:
    """How much to take at once, and for how long.

    `lanes_per_endpoint` bounds what a worker holds of one endpoint, so that one that hangs fills its own share only.
    """

    lanes: int = 500
    lanes_per_endpoint: int = 200
    deliveries_per_lane: int = 20
    lease_seconds: float = 60.0


STANDARD_CLAIM = Claim()

# Candidates first, without locks: longest waiting first over all endpoints. An endpoint of which a worker still holds
# half its share is left alone, so that claims stay large. Of an endpoint whose breaker is open one lane is taken, once
# the time has come: whoever locks the endpoint's row probes, and moves the time behind its lease. Nothing here waits.
# Each lane is looked up by its key and changed at its place, as in settling. One that somebody changed since this
# statement began is not at the place that it sees, and left for the next claim, which whoever changed it brings about.
# So are the lanes of an endpoint that was changed: one would probe while the endpoint's time stays where it was.
_lease = Statement(
    sa.text("""
WITH candidates AS MATERIALIZED (
    SELECT lane.organization_id, lane.endpoint_id, lane.subject_id, endpoint.url, endpoint.secret,
        CASE WHEN endpoint.old_secret_expires_at > now() THEN endpoint.old_secret END AS old_secret,
        endpoint.max_concurrency, endpoint.breaker_open_until IS NOT NULL AS is_probe
    FROM webhook_endpoints endpoint
    LEFT JOIN unnest(CAST(:held_ids AS uuid[]), CAST(:held_counts AS integer[])) AS held (id, lanes)
        ON held.id = endpoint.id
    CROSS JOIN LATERAL (
        SELECT organization_id, endpoint_id, subject_id, due_at
        FROM webhook_lanes
        WHERE organization_id = endpoint.organization_id AND endpoint_id = endpoint.id
            AND due_at > '-infinity' AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
        ORDER BY due_at
        LIMIT CASE
            WHEN endpoint.breaker_open_until IS NOT NULL THEN 1
            ELSE greatest(CAST(:lanes_per_endpoint AS integer) - coalesce(held.lanes, 0), 0)
        END
    ) lane
    WHERE endpoint.state = 'enabled' AND NOT endpoint.is_replaying
        AND (endpoint.breaker_open_until IS NULL OR endpoint.breaker_open_until <= now())
        AND coalesce(held.lanes, 0) <= CAST(:lanes_per_endpoint AS integer) / 2
    ORDER BY lane.due_at
    LIMIT CAST(:lanes AS integer)
), probing AS MATERIALIZED (
    SELECT candidates.endpoint_id, endpoint.place
    FROM candidates
    CROSS JOIN LATERAL (
        SELECT ctid AS place
        FROM webhook_endpoints
        WHERE organization_id = candidates.organization_id AND id = candidates.endpoint_id
            AND breaker_open_until <= now()
        FOR UPDATE SKIP LOCKED
    ) endpoint
    WHERE candidates.is_probe
), free AS MATERIALIZED (
    SELECT candidates.url, candidates.secret, candidates.old_secret, candidates.max_concurrency, candidates.is_probe,
        lane.place
    FROM candidates
    CROSS JOIN LATERAL (
        SELECT ctid AS place
        FROM webhook_lanes
        WHERE organization_id = candidates.organization_id AND endpoint_id = candidates.endpoint_id
            AND subject_id = candidates.subject_id
            AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
        FOR UPDATE SKIP LOCKED
    ) lane
    WHERE NOT candidates.is_probe OR candidates.endpoint_id IN (
        SELECT probing.endpoint_id FROM probing JOIN webhook_endpoints seen ON seen.ctid = probing.place
    )
), leased AS (
    UPDATE webhook_lanes lane
    SET token = nextval('webhook_lane_tokens'),
        lease_until = now() + make_interval(secs => CAST(:lease_seconds AS double precision))
    FROM free
    WHERE lane.ctid = free.place
    RETURNING lane.organization_id, lane.endpoint_id, lane.subject_id, lane.token,
        free.url, free.secret, free.old_secret, free.max_concurrency, free.is_probe
), probed AS (
    UPDATE webhook_endpoints endpoint
    SET breaker_open_until = now() + make_interval(secs => CAST(:lease_seconds AS double precision))
    FROM probing
    WHERE endpoint.ctid = probing.place AND probing.endpoint_id IN (SELECT endpoint_id FROM leased)
)
SELECT * FROM leased
    """)
)

# A statement of its own: the snapshot of the one above may be older than the lanes it locked, and would show
# deliveries as pending that the lane's last holder has settled.
_read_heads = Statement(
    sa.text("""
SELECT lane.number, delivery.id, delivery.event_id, delivery.attempts, event.body
FROM unnest(CAST(:organization_ids AS uuid[]), CAST(:endpoint_ids AS uuid[]), CAST(:subject_ids AS uuid[]))
    WITH ORDINALITY AS lane (organization_id, endpoint_id, subject_id, number)
CROSS JOIN LATERAL (
    SELECT id, event_id, attempts, sequence
    FROM webhook_deliveries
    WHERE organization_id = lane.organization_id AND endpoint_id = lane.endpoint_id
        AND subject_id = lane.subject_id AND status = 'pending'
    ORDER BY sequence
    LIMIT CAST(:deliveries_per_lane AS integer)
) delivery
CROSS JOIN LATERAL (
    SELECT body
    FROM events
    WHERE organization_id = lane.organization_id AND id >= delivery.event_id AND id <= delivery.event_id
    ORDER BY id
    LIMIT 1
) event
ORDER BY lane.number, delivery.sequence
    """)
)

_recreate = Statement(
    sa.text("""
INSERT INTO webhook_lanes (organization_id, endpoint_id, subject_id)
SELECT DISTINCT organization_id, endpoint_id, subject_id
FROM webhook_deliveries delivery
WHERE status = 'pending' AND NOT EXISTS (
    SELECT FROM webhook_lanes lane
    WHERE (lane.organization_id, lane.endpoint_id, lane.subject_id)
        = (delivery.organization_id, delivery.endpoint_id, delivery.subject_id)
)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
    """)
)


async def claim(database: Database, amount: Claim, held: Mapping[UUID, int]) -> list[Lane]:
    """Lease due lanes of enabled endpoints; `held` counts the lanes that the worker holds per endpoint."""
    leased = await database.fetch_all_at_once(
        _lease,
        held_ids=list(held),
        held_counts=list(held.values()),
        lanes=amount.lanes,
        lanes_per_endpoint=amount.lanes_per_endpoint,
        lease_seconds=amount.lease_seconds,
    )
    # persistently: the lanes are leased by now, and would be left alone until their leases run out
    heads = await persistently(lambda: _heads_of(database, leased, amount)) if leased else []
    return _lanes(leased, heads)


async def _heads_of(database: Database, leased: Sequence[Row], amount: Claim) -> list[Row]:
    return await database.fetch_all_at_once(
        _read_heads,
        organization_ids=[row["organization_id"] for row in leased],
        endpoint_ids=[row["endpoint_id"] for row in leased],
        subject_ids=[row["subject_id"] for row in leased],
        deliveries_per_lane=amount.deliveries_per_lane,
    )


def _lanes(leased: Sequence[Row], heads: Sequence[Row]) -> list[Lane]:
    deliveries: list[list[Delivery]] = [[] for _ in leased]
    for row in heads:
        delivery = Delivery(row["id"], row["event_id"], row["attempts"], row["body"])
        deliveries[row["number"] - 1].append(delivery)
    return [
        Lane(
            LaneKey(row["organization_id"], row["endpoint_id"], row["subject_id"]),
            row["token"],
            row["url"],
            SealedSecrets(row["organization_id"], row["endpoint_id"], row["secret"], row["old_secret"]),
            each,
            row["max_concurrency"],
            row["is_probe"],
        )
        for row, each in zip(leased, deliveries, strict=True)
    ]


async def recreate_missing_lanes(database: Database) -> int:
    """Make the lanes that pending deliveries lack; only damage from outside makes any. Gives their number."""
    async with database.begin_for_all() as tx:
        return await tx.execute(_recreate)
