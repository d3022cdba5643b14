"""What a worker counts, and how far behind it is; read from the database now and then, never by who asks."""

import collections
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from app.core.database import Database
from app.webhooks.backlog import backlog, oldest_work
from app.webhooks.result import DeliveryStatus, Report, Result

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15)


class WorkerMetrics:
    """Attempts and deliveries by what came of them, and the backlog of all workers together."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._attempts = Counter(
            "stageline_webhook_attempts", "Attempts made, by outcome.", ("outcome",), registry=registry
        )
        self._attempt_seconds = Histogram(
            "stageline_webhook_attempt_duration_seconds", "Duration of attempts.", buckets=_SECONDS, registry=registry
        )
        self._deliveries = Counter(
            "stageline_webhook_deliveries", "Deliveries settled, by status.", ("status",), registry=registry
        )
        self._lanes_due = Gauge(
            "stageline_webhook_lanes_due", "Lanes that could be claimed now; at most 10000.", registry=registry
        )
        self._fan_out_lag = Gauge(
            "stageline_webhook_fan_out_lag_seconds", "Age of the oldest event not fanned out.", registry=registry
        )
        self._claim_lag = Gauge(
            "stageline_webhook_claim_lag_seconds", "For how long a lane has been due.", registry=registry
        )
        self._oldest_undelivered = Gauge(
            "stageline_webhook_oldest_undelivered_event_seconds",
            "Age of the oldest event that an endpoint is still owed, disabled ones included.",
            registry=registry,
        )

    def note(self, reports: Iterable[Report]) -> None:
        """Attempts were made and settled."""
        results = [report for report in reports if isinstance(report, Result)]
        for result in results:
            self._attempt_seconds.observe(result.outcome.duration_ms / 1000)
        outcomes = collections.Counter(result.outcome.error_class or DeliveryStatus.DELIVERED for result in results)
        for outcome, count in outcomes.items():
            self._attempts.labels(outcome).inc(count)
        settled = collections.Counter(result.status for result in results)
        del settled[DeliveryStatus.PENDING]
        for status, count in settled.items():
            self._deliveries.labels(status).inc(count)

    async def look(self, database: Database) -> None:
        """Read the backlog; raises what the database does."""
        oldest, owed = await oldest_work(database), await backlog(database)
        self._fan_out_lag.set(oldest.event_seconds)
        self._claim_lag.set(oldest.due_lane_seconds)
        self._lanes_due.set(owed.lanes_due)
        self._oldest_undelivered.set(owed.oldest_undelivered_seconds)
