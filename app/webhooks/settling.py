"""Settling results in batches: one statement per kind, and only where the lane's token is still ours.

The order is always: lock the lanes by their key, log, deliveries, lanes, endpoints. Under its lane's lock a delivery
cannot be added or settled by anybody else, so "nothing is pending" stays true until the lane is removed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Database, Statement, Transaction, new_id
from app.webhooks.breaker import STANDARD_BREAKER, Breaker
from app.webhooks.health import EndpointKey, note_health
from app.webhooks.lanes import Lane, LaneKey
from app.webhooks.result import Release, Report, Result

# Each statement walks its input and looks every row up by its key, whatever the statistics say: these tables fill and
# drain faster than statistics follow, and a join written as one was planned as a scan of all lanes or of all that is
# pending. A lateral look-up has one order only, and so has a join on the place (ctid) that it found; places hold still
# because the lanes are locked.
_KEYS = """unnest(
    CAST(:organization_ids AS uuid[]), CAST(:endpoint_ids AS uuid[]), CAST(:subject_ids AS uuid[])"""

_lock_ours = Statement(
    sa.text(f"""
SELECT lane.organization_id, lane.endpoint_id, lane.subject_id, lane.token
FROM {_KEYS}, CAST(:tokens AS bigint[])) AS ours (organization_id, endpoint_id, subject_id, token)
CROSS JOIN LATERAL (
    SELECT organization_id, endpoint_id, subject_id, token
    FROM webhook_lanes
    WHERE organization_id = ours.organization_id AND endpoint_id = ours.endpoint_id
        AND subject_id = ours.subject_id AND token = ours.token
    FOR UPDATE
) lane
    """)  # noqa: S608 # the keys are a constant of this module
)

_log_attempts = Statement(
    sa.text("""
INSERT INTO webhook_attempts
    (organization_id, id, delivery_id, number, started_at, status_code, error_class, duration_ms, response_excerpt)
SELECT * FROM unnest(
    CAST(:organization_ids AS uuid[]), CAST(:ids AS uuid[]), CAST(:delivery_ids AS uuid[]),
    CAST(:numbers AS smallint[]), CAST(:started_ats AS timestamptz[]), CAST(:status_codes AS smallint[]),
    CAST(:error_classes AS text[]), CAST(:durations AS integer[]), CAST(:excerpts AS text[])
)
    """)
)

# "Not settled yet" rather than "pending": Postgres would take the index of the pending ones, and read all of them for
# each result.
_settle_deliveries = Statement(
    sa.text("""
UPDATE webhook_deliveries
SET status = found.status,
    attempts = found.attempts,
    last_status_code = found.status_code,
    last_error_class = found.error_class,
    next_attempt_at = clock_timestamp() + make_interval(secs => found.retry_after),
    settled_at = CASE WHEN found.status <> 'pending' THEN clock_timestamp() END
FROM (
    SELECT result.*, delivery.place
    FROM unnest(
        CAST(:organization_ids AS uuid[]), CAST(:delivery_ids AS uuid[]), CAST(:statuses AS text[]),
        CAST(:numbers AS smallint[]), CAST(:status_codes AS smallint[]), CAST(:error_classes AS text[]),
        CAST(:retry_afters AS double precision[])
    ) AS result (organization_id, id, status, attempts, status_code, error_class, retry_after)
    CROSS JOIN LATERAL (
        SELECT ctid AS place
        FROM webhook_deliveries
        WHERE organization_id = result.organization_id AND id = result.id AND settled_at IS NULL
        LIMIT 1
    ) delivery
) found
WHERE webhook_deliveries.ctid = found.place
    """)
)

_LANE = """
CROSS JOIN LATERAL (
    SELECT ctid AS place
    FROM webhook_lanes
    WHERE organization_id = released.organization_id AND endpoint_id = released.endpoint_id
        AND subject_id = released.subject_id
    LIMIT 1
) lane"""

remove_drained = Statement(
    sa.text(f"""
DELETE FROM webhook_lanes
USING (
    SELECT lane.place
    FROM {_KEYS}) AS released (organization_id, endpoint_id, subject_id)
    {_LANE}
    WHERE (
        SELECT true
        FROM webhook_deliveries
        WHERE organization_id = released.organization_id AND endpoint_id = released.endpoint_id
            AND subject_id = released.subject_id AND status = 'pending'
        LIMIT 1
    ) IS NULL
) drained
WHERE webhook_lanes.ctid = drained.place
    """)  # noqa: S608 # the keys are a constant of this module
)

_release = Statement(
    sa.text(f"""
UPDATE webhook_lanes
SET lease_until = NULL, due_at = clock_timestamp() + make_interval(secs => coalesce(free.retry_after, 0))
FROM (
    SELECT lane.place, released.retry_after
    FROM {_KEYS}, CAST(:retry_afters AS double precision[])
    ) AS released (organization_id, endpoint_id, subject_id, retry_after)
    {_LANE}
) free
WHERE webhook_lanes.ctid = free.place
    """)  # noqa: S608 # the keys are a constant of this module
)


Hold: TypeAlias = tuple[LaneKey, int]  # a lane under one token


@dataclass(frozen=True, slots=True)
class Settled:
    """`refused` lanes were taken over by others; `to_disable` are endpoints that have failed too long.

    `held_back` are the ids of endpoints whose breaker was found open.
    """

    refused: frozenset[Hold]
    to_disable: frozenset[EndpointKey]
    held_back: frozenset[UUID]


async def settle(database: Database, reports: Sequence[Report], breaker: Breaker = STANDARD_BREAKER) -> Settled:
    """Write what the reports say in one transaction; those of lanes that are no longer ours change nothing."""
    async with database.begin_for_all() as tx:
        ours = await _lock(tx, reports)
        accepted = [report for report in reports if hold_of(report.lane) in ours]
        results = [report for report in accepted if isinstance(report, Result)]
        await _write(tx, results)
        await _let_go(tx, [report for report in accepted if isinstance(report, Release)])
        health = await note_health(tx, results, breaker)
    return Settled(frozenset(hold_of(report.lane) for report in reports) - ours, *health)


def hold_of(lane: Lane) -> Hold:
    """What a lane's reports are accepted by."""
    return lane.key, lane.token


async def _lock(tx: Transaction, reports: Sequence[Report]) -> frozenset[Hold]:
    holds = sorted({hold_of(report.lane) for report in reports})  # locked in the order of their keys
    rows = await tx.fetch_all(_lock_ours, **columns_of(key for key, _ in holds), tokens=[token for _, token in holds])
    return frozenset((LaneKey(*row[:3]), row["token"]) for row in rows)


async def _write(tx: Transaction, results: Sequence[Result]) -> None:
    if not results:
        return
    shared: dict[str, object] = {
        "organization_ids": [result.lane.key.organization_id for result in results],
        "delivery_ids": [result.delivery.id for result in results],
        "numbers": [result.number for result in results],
        "status_codes": [result.outcome.status for result in results],
        "error_classes": [result.outcome.error_class for result in results],
    }
    await tx.execute(
        _log_attempts,
        ids=[new_id() for _ in results],
        started_ats=[result.started_at for result in results],
        durations=[round(result.outcome.duration_ms) for result in results],
        excerpts=[result.outcome.response_excerpt for result in results],
        **shared,
    )
    await tx.execute(
        _settle_deliveries,
        statuses=[result.status for result in results],
        retry_afters=[result.retry_after_seconds for result in results],
        **shared,
    )


async def _let_go(tx: Transaction, releases: Sequence[Release]) -> None:
    if not releases:
        return
    columns = columns_of(release.lane.key for release in releases)
    await tx.execute(remove_drained, **columns)
    await tx.execute(_release, **columns, retry_afters=[release.retry_after_seconds for release in releases])


def columns_of(keys: Iterable[LaneKey]) -> dict[str, list[UUID]]:
    """The keys of lanes as the parameters of statements on several lanes."""
    organization_ids, endpoint_ids, subject_ids = zip(*keys, strict=True)
    return {
        "organization_ids": list(organization_ids),
        "endpoint_ids": list(endpoint_ids),
        "subject_ids": list(subject_ids),
    }
