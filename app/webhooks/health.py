"""The health of endpoints: since when each has failed, and disabling the one that is gone or has failed too long."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.core.caller import Caller
from app.core.database import Database, Statement, Transaction
from app.outbox.catalogue import EventType
from app.outbox.event import Event
from app.outbox.record import lock, record
from app.webhooks.result import Report, Result
from app.webhooks.schemas import WebhookEndpoint

FAILING_FOR = timedelta(hours=120)
FEWEST_FAILURES = 10

_ENABLED = {"state": "enabled", "disabled_reason": None}


class DisabledReason(StrEnum):
    """Why an endpoint is called no more."""

    GONE = "gone"
    FAILING = "failing"


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
        CASE WHEN tally.has_success THEN 0 ELSE endpoint.consecutive_failures END + tally.failures
FROM (
    SELECT * FROM unnest(
        CAST(:organization_ids AS uuid[]), CAST(:ids AS uuid[]),
        CAST(:have_success AS boolean[]), CAST(:failures AS integer[])
    ) AS tally (organization_id, id, has_success, failures)
) tally
WHERE (endpoint.organization_id, endpoint.id) = (tally.organization_id, tally.id)
    AND (
        tally.failures > 0 OR endpoint.failing_since IS NOT NULL
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


async def note_health(tx: Transaction, results: Sequence[Result]) -> frozenset[EndpointKey]:
    """Add results to the health of their endpoints; gives those that have failed too long."""
    tallies = _tallies(results)
    if not tallies:
        return frozenset()
    rows = await tx.fetch_all(
        _note,
        organization_ids=[organization_id for organization_id, _ in tallies],
        ids=[endpoint_id for _, endpoint_id in tallies],
        have_success=[tally.has_success for tally in tallies.values()],
        failures=[tally.failures for tally in tallies.values()],
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


def _tallies(results: Sequence[Result]) -> dict[tuple[UUID, UUID], _Tally]:
    keys = {(result.lane.key.organization_id, result.lane.key.endpoint_id) for result in results}
    tallies = {key: _Tally() for key in sorted(keys)}  # endpoints are locked in the order of their key
    for result in results:
        tally = tallies[result.lane.key.organization_id, result.lane.key.endpoint_id]
        if result.outcome.delivered:
            tally.has_success, tally.failures = True, 0
        else:
            tally.failures += 1
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
