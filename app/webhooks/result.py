"""What came of a delivery's attempt, and what it means for the delivery and its lane."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from app.webhooks.attempt import Outcome
from app.webhooks.lanes import Delivery, Lane
from app.webhooks.schedule import next_attempt_at

# now, attempts made, Retry-After in seconds, random → when to try again, or None to give up
Schedule: TypeAlias = Callable[[datetime, int, int | None, Callable[[], float]], datetime | None]

STANDARD_SCHEDULE: Schedule = next_attempt_at


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class Made(NamedTuple):
    """An attempt that was made."""

    lane: Lane
    delivery: Delivery
    outcome: Outcome
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """One attempt of one delivery; pending means: again in `retry_after_seconds`, and the lane waits for it."""

    lane: Lane
    delivery: Delivery
    outcome: Outcome
    started_at: datetime
    status: DeliveryStatus
    retry_after_seconds: float | None = None

    @property
    def number(self) -> int:
        """The attempt's number, from 1."""
        return self.delivery.attempts + 1


@dataclass(frozen=True, slots=True)
class Release:
    """A worker lets a lane go: it is due again in `retry_after_seconds`, or at once."""

    lane: Lane
    retry_after_seconds: float | None


Report: TypeAlias = Result | Release


def judge(made: Made, schedule: Schedule, random: Callable[[], float]) -> Result:
    """Decide by the schedule what an attempt means."""
    lane, delivery, outcome, started_at = made
    if outcome.delivered:
        return Result(lane, delivery, outcome, started_at, DeliveryStatus.DELIVERED)
    now = datetime.now(UTC)
    again_at = schedule(now, delivery.attempts + 1, outcome.retry_after_seconds, random)
    if again_at is None:
        return Result(lane, delivery, outcome, started_at, DeliveryStatus.FAILED)
    # as a duration, so that the worker's clock and the database's need not agree
    return Result(lane, delivery, outcome, started_at, DeliveryStatus.PENDING, (again_at - now).total_seconds())
