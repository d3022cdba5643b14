"""Builders of what a worker reports of a lane."""

from datetime import UTC, datetime

from app.webhooks.attempt import Outcome
from app.webhooks.destination import ErrorClass
from app.webhooks.lanes import Lane
from app.webhooks.result import Release, Result, Status


def delivered(lane: Lane, index: int = 0) -> Result:
    return Result(lane, lane.deliveries[index], Outcome(200, None, "", 1.5, None), datetime.now(UTC), Status.DELIVERED)


def failed(lane: Lane, index: int = 0, retry_after_seconds: float = 5) -> Result:
    outcome = Outcome(500, ErrorClass.HTTP_ERROR, "", 1.5, None)
    return Result(lane, lane.deliveries[index], outcome, datetime.now(UTC), Status.PENDING, retry_after_seconds)


def released(lane: Lane, retry_after_seconds: float | None = None) -> Release:
    return Release(lane, retry_after_seconds)
