"""The breaker of an endpoint: while nothing gets through, one lane at a time asks whether it is back.

It opens when five lanes in a row have failed, or at once when the receiver names a time to come back (Retry-After);
only a probe that is answered closes it. Its state is on the endpoint's row, so all workers send one probe in all.
Lanes that are not attempted keep their attempts, and those that were keep the time of their schedule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeAlias
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Statement, Transaction
from app.webhooks.attempt import ErrorClass, Outcome
from app.webhooks.result import Result

# What says "not this message" rather than "not here" or "not now": the receiver has read it.
_ABOUT_THE_MESSAGE = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}

EndpointId: TypeAlias = tuple[UUID, UUID]  # of an organization and its endpoint


@dataclass(frozen=True, slots=True)
class Breaker:
    """When it opens, and how often it probes: the interval doubles from the first to the longest.

    `longest_hold_seconds` bounds what one Retry-After does to the other lanes; its own lane waits up to 24 hours.
    """

    lanes: int = 5
    first_probe_seconds: float = 1.0
    longest_probe_seconds: float = 60.0
    longest_hold_seconds: float = 3_600.0


STANDARD_BREAKER = Breaker()

# `failing_subject_ids` has been brought up to date by the statement on the endpoint's health.
_move = Statement(
    sa.text("""
UPDATE webhook_endpoints endpoint
SET failed_probes = CASE
        WHEN seen.probe_answered IS NULL OR endpoint.breaker_open_until IS NULL THEN endpoint.failed_probes
        WHEN seen.probe_answered THEN 0
        ELSE endpoint.failed_probes + 1
    END,
    breaker_open_until = CASE
        WHEN NOT seen.probe_answered THEN
            clock_timestamp() + make_interval(secs => greatest(seen.hold_seconds, least(
                CAST(:first_seconds AS double precision) * 2 ^ least(endpoint.failed_probes + 1, 30),
                CAST(:longest_seconds AS double precision)
            )))
        WHEN seen.hold_seconds > 0 THEN greatest(
            CASE WHEN seen.probe_answered THEN NULL ELSE endpoint.breaker_open_until END,
            clock_timestamp() + make_interval(secs => seen.hold_seconds)
        )
        WHEN seen.probe_answered THEN NULL
        ELSE clock_timestamp() + make_interval(secs => CAST(:first_seconds AS double precision))
    END
FROM unnest(
    CAST(:organization_ids AS uuid[]), CAST(:ids AS uuid[]),
    CAST(:probes_answered AS boolean[]), CAST(:holds AS double precision[])
) AS seen (organization_id, id, probe_answered, hold_seconds)
WHERE (endpoint.organization_id, endpoint.id) = (seen.organization_id, seen.id)
    AND (
        seen.hold_seconds > 0
        OR endpoint.breaker_open_until IS NOT NULL AND seen.probe_answered IS NOT NULL
        OR endpoint.breaker_open_until IS NULL
            AND cardinality(endpoint.failing_subject_ids) >= CAST(:lanes AS integer)
    )
RETURNING endpoint.id, endpoint.breaker_open_until IS NOT NULL AS is_open
    """)
)


@dataclass(slots=True)
class Sightings:
    """What a batch of results says of one endpoint's breaker."""

    failing_subject_ids: set[UUID] = field(default_factory=set)  # since the last answer in the batch
    has_answer: bool = False
    probe_answered: bool | None = None
    hold_seconds: float = 0.0

    @property
    def has_news(self) -> bool:
        """Whether the breaker may move."""
        return bool(self.failing_subject_ids or self.hold_seconds) or self.probe_answered is not None

    def add(self, result: Result) -> None:
        """Take one more result into account, in the order in which they came."""
        is_answer = answers(result.outcome)
        if result.lane.is_probe:
            self.probe_answered = bool(self.probe_answered) or is_answer
        if is_answer:
            self.has_answer = True
            self.failing_subject_ids.clear()
        else:
            self.failing_subject_ids.add(result.lane.key.subject_id)
            self.hold_seconds = max(self.hold_seconds, result.outcome.retry_after_seconds or 0)


class Tripwires:
    """What one worker knows before it is settled: of which endpoints it sends no more of the lanes that it holds."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._failing: dict[UUID, set[UUID]] = {}
        self._tripped: set[UUID] = set()

    def note(self, result: Result) -> None:
        """Take a result into account at once."""
        endpoint_id = result.lane.key.endpoint_id
        if answers(result.outcome):
            self._failing.pop(endpoint_id, None)
            return
        failing = self._failing.setdefault(endpoint_id, set())
        failing.add(result.lane.key.subject_id)
        if len(failing) >= self._breaker.lanes or result.outcome.retry_after_seconds:
            self._tripped.add(endpoint_id)

    def is_tripped(self, endpoint_id: UUID) -> bool:
        """Whether the breaker is open, as far as this worker knows."""
        return endpoint_id in self._tripped

    def trip(self, endpoint_id: UUID) -> None:
        """The breaker was found open."""
        self._tripped.add(endpoint_id)

    def forget(self, endpoint_id: UUID) -> None:
        """The breaker was found closed, or nothing of the endpoint is held any more."""
        self._failing.pop(endpoint_id, None)
        self._tripped.discard(endpoint_id)


def answers(outcome: Outcome) -> bool:
    """Whether the receiver takes messages, be it that it does not like this one."""
    is_refusal = outcome.error_class is ErrorClass.HTTP_ERROR and outcome.status in _ABOUT_THE_MESSAGE
    return outcome.delivered or is_refusal


async def move_breakers(
    tx: Transaction, sightings: Mapping[EndpointId, Sightings], breaker: Breaker
) -> frozenset[UUID]:
    """Open, keep open or close the breakers of endpoints whose health was noted; gives those found open."""
    news = {key: seen for key, seen in sightings.items() if seen.has_news}
    if not news:
        return frozenset()
    rows = await tx.fetch_all(
        _move,
        organization_ids=[organization_id for organization_id, _ in news],
        ids=[endpoint_id for _, endpoint_id in news],
        probes_answered=[seen.probe_answered for seen in news.values()],
        holds=[min(seen.hold_seconds, breaker.longest_hold_seconds) for seen in news.values()],
        lanes=breaker.lanes,
        first_seconds=breaker.first_probe_seconds,
        longest_seconds=breaker.longest_probe_seconds,
    )
    return frozenset(row["id"] for row in rows if row["is_open"])
