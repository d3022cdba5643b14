"""Builders of what a worker reports of a lane."""

from datetime import UTC, datetime

from app.webhooks.attempt import ErrorClass, Outcome
from app.webhooks.lanes import Lane
from app.webhooks.result import DeliveryStatus, Release, Report, Result


def delivered(lane: Lane, index: int = 0) -> Result:
    return Result(
        lane, lane.deliveries[index], Outcome(200, None, "", 1.5, None), datetime.now(UTC), DeliveryStatus.DELIVERED
    )


def failed(lane: Lane, index: int = 0, retry_after_seconds: float = 5) -> Result:
    outcome = Outcome(500, ErrorClass.HTTP_ERROR, "", 1.5, None)
    return Result(lane, lane.deliveries[index], outcome, datetime.now(UTC), DeliveryStatus.PENDING, retry_after_seconds)


def refused(
    lane: Lane,
    status: int | None,
    error_class: ErrorClass = ErrorClass.HTTP_ERROR,
    *,
    asked_for_seconds: int | None = None,
) -> Result:
    """A failure of another kind, perhaps with Retry-After."""
    outcome = Outcome(status, error_class, "", 1.5, asked_for_seconds)
    return Result(lane, lane.deliveries[0], outcome, datetime.now(UTC), DeliveryStatus.PENDING, 5)


def released(lane: Lane, retry_after_seconds: float | None = None) -> Release:
    return Release(lane, retry_after_seconds)


def all_failed(lanes: list[Lane]) -> list[Report]:
    """Each lane's first delivery failed."""
    return [report for lane in lanes for report in (failed(lane), released(lane, 5))]
