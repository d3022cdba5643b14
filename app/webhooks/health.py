"""The health of endpoints: since when each has failed, and disabling the one that is gone or has failed too long."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.core.caller import Caller
from app.core.database import Database, Statement, Transaction
from app.outbox.catalogue import EventType
from app.outbox.event import Event
from app.outbox.record import lock, record
from app.webhooks.breaker import Breaker, EndpointId, Sightings, move_breakers
from app.webhooks.result import Report, Result
from app.webhooks.schemas import DisabledReason, WebhookEndpoint

FAILING_FOR = timedelta(hours=120)
FEWEST_FAILURES = 10

_ENABLED = {"state": "enabled", "disabled_reason": None}


class EndpointKey(NamedTuple):
    """The key of an endpoint, and why it is to be disabled."""

    organization_id: UUID
    id: UUID
    reason: DisabledReason


@dataclass(slots=True)
class _Tally:
    """What a batch says of one endpoint: whether anything arrived, and how many failures came after it."""

    has_success: bool = False
    failures: int = 0
    sightings: Sightings = field(default_factory=Sightings)

    def add(self, result: Result) -> None:
        """Take one more result into account."""
        self.sightings.add(result)
        if result.outcome.delivered:
            self.has_success, self.failures = True, 0
        else:
            self.failures += 1


class Health(NamedTuple):
    """Endpoints that have failed too long, and the ids of those whose breaker was found open."""

    to_disable: frozenset[EndpointKey]
    held_back: frozenset[UUID]


# A success of a healthy endpoint is noted once a second, not once a batch.
_note = Statement(
    sa.text("""
UPDATE webhook_endpoints endpoint
SET last_success_at = CASE WHEN tally.has_success THEN clock_timestamp() ELSE endpoint.last_success_at END,
    failing_since = CASE
        WHEN tally.failures = 0 THEN NULL
        WHEN tally.has_success THEN clock_timestamp()
        ELSE coalesce(endpoint.failing_since, clock_timestamp())
    END,
    consecutive_failures =
        CASE WHEN tally.has_success THEN 0 ELSE endpoint.consecutive_failures END + tally.failures,
    failing_subject_ids = ARRAY(
        SELECT DISTINCT unnest(
            CASE WHEN tally.has_answer THEN '{}' ELSE endpoint.failing_subject_ids END
            || CAST(tally.failing_subject_ids AS uuid[])
        )
        LIMIT CAST(:breaker_lanes AS integer)
    )
FROM (
    SELECT * FROM unnest(
        CAST(:organization_ids AS uuid[]), CAST(:ids AS uuid[]),
        CAST(:have_success AS boolean[]), CAST(:failures AS integer[]),
        CAST(:have_answer AS boolean[]), CAST(:failing_subject_ids AS text[])
    ) AS tally (organization_id, id, has_success, failures, has_answer, failing_subject_ids)
) tally
WHERE (endpoint.organization_id, endpoint.id) = (tally.organization_id, tally.id)
    AND (
        tally.failures > 0 OR endpoint.failing_since IS NOT NULL OR endpoint.breaker_open_until IS NOT NULL
        OR coalesce(endpoint.last_success_at < clock_timestamp() - interval '1 second', true)
    )
RETURNING endpoint.organization_id, endpoint.id,
    endpoint.state = 'enabled' AND endpoint.consecutive_failures >= CAST(:fewest_failures AS integer)
    AND endpoint.failing_since <= clock_timestamp() - CAST(:failing_for AS interval) AS is_failing
    """)
)

_disable = Statement(
    sa.text("""
UPDATE webhook_endpoints
SET state = 'disabled', disabled_reason = :reason, version = version + 1, updated_at = now()
WHERE organization_id = CAST(:organization_id AS uuid) AND id = CAST(:id AS uuid) AND state = 'enabled'
    AND (:reason = 'gone' OR consecutive_failures >= CAST(:fewest_failures AS integer))
RETURNING *
    """)
)


async def note_health(tx: Transaction, results: Sequence[Result], breaker: Breaker) -> Health:
    """Add results to the health of their endpoints, and move their breakers."""
    tallies = _tallies(results)
    if not tallies:
        return Health(frozenset(), frozenset())
    to_disable = await _note_tallies(tx, tallies, breaker)
    sightings = {key: tally.sightings for key, tally in tallies.items()}
    return Health(to_disable, await move_breakers(tx, sightings, breaker))


async def _note_tallies(
    tx: Transaction, tallies: Mapping[EndpointId, _Tally], breaker: Breaker
) -> frozenset[EndpointKey]:
    sightings = [tally.sightings for tally in tallies.values()]
    rows = await tx.fetch_all(
        _note,
        organization_ids=[organization_id for organization_id, _ in tallies],
        ids=[endpoint_id for _, endpoint_id in tallies],
        have_success=[tally.has_success for tally in tallies.values()],
        failures=[tally.failures for tally in tallies.values()],
        have_answer=[seen.has_answer for seen in sightings],
        failing_subject_ids=[_array(islice(seen.failing_subject_ids, breaker.lanes)) for seen in sightings],
        breaker_lanes=breaker.lanes,
        fewest_failures=FEWEST_FAILURES,
        failing_for=FAILING_FOR,
    )
    return frozenset(
        EndpointKey(row["organization_id"], row["id"], DisabledReason.FAILING) for row in rows if row["is_failing"]
    )


def gone_endpoints(reports: Iterable[Report]) -> frozenset[EndpointKey]:
    """The endpoints that asked never to be called again."""
    return frozenset(
        EndpointKey(report.lane.key.organization_id, report.lane.key.endpoint_id, DisabledReason.GONE)
        for report in reports
        if isinstance(report, Result) and report.outcome.gone
    )


def _array(ids: Iterable[UUID]) -> str:
    """As Postgres writes an array: `unnest` would flatten arrays in an array."""
    return "{" + ",".join(map(str, ids)) + "}"


def _tallies(results: Sequence[Result]) -> dict[EndpointId, _Tally]:
    keys = {(result.lane.key.organization_id, result.lane.key.endpoint_id) for result in results}
    tallies = {key: _Tally() for key in sorted(keys)}  # endpoints are locked in the order of their key
    for result in results:
        tallies[result.lane.key.organization_id, result.lane.key.endpoint_id].add(result)
    return tallies


async def disable(database: Database, endpoint: EndpointKey) -> bool:
    """Disable an endpoint and publish it, unless it has been healed, disabled or deleted meanwhile."""
    async with database.begin(Caller.system(endpoint.organization_id)) as tx:
        subject = await lock(tx, endpoint.id)
        row = await tx.fetch_one(_disable, id=endpoint.id, reason=endpoint.reason, fewest_failures=FEWEST_FAILURES)
        if subject is None or row is None:
            return False
        payload = WebhookEndpoint.model_validate(dict(row)).model_dump(mode="json")
        await record(tx, subject, Event(EventType.WEBHOOK_ENDPOINT_DISABLED, payload, _ENABLED))
        return True
