"""How many requests there were, how long they took, and how many are under way."""

import time
from collections.abc import Callable, MutableMapping
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.metrics import Readings

RETRIED = "stageline.retried"
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RequestMetrics:
    """Counts by method, template of the path and class of the status; a path that no route has is `unmatched`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        by = ("method", "route")
        self.in_flight = 0
        self._requests = Counter("stageline_http_requests", "Requests answered.", (*by, "status"), registry=registry)
        self._seconds = Histogram(
            "stageline_http_request_duration_seconds",
            "Time to the end of the answer.",
            by,
            buckets=_SECONDS,
            registry=registry,
        )
        self._retried = Counter(
            "stageline_transactions_retried", "Transactions run again after a lost race.", registry=registry
        )
        self._observers: dict[tuple[str, str, int], Callable[[float], None]] = {}
        readings = Readings(registry)
        readings.gauge("stageline_http_requests_in_flight", "Requests being answered.", lambda: self.in_flight)

    def note(self, scope: Scope, status: int, seconds: float) -> None:
        """A request was answered."""
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route: str = getattr(scope.get("route"), "path", "unmatched")
        key = (method, route, status // 100)
        observe = self._observers.get(key)
        if observe is None:
            observe = self._observers[key] = self._bind(method, route, status)
        observe(seconds)
        if retried := scope.get(RETRIED):
            self._retried.inc(retried)

    def _bind(self, method: str, route: str, status: int) -> Callable[[float], None]:
        # looking labels up costs more than counting
        count = self._requests.labels(method, route, f"{status // 100}xx").inc
        measure = self._seconds.labels(method, route).observe

        def observe(seconds: float) -> None:
            count()
            measure(seconds)

        return observe


class Measured:
    """Pure ASGI: tells `metrics` of each request."""

    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500  # what the server answers when nothing was begun

        async def noted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        started = time.perf_counter()
        self.metrics.in_flight += 1
        try:
            await self.app(scope, receive, noted)
        finally:
            self.metrics.in_flight -= 1
            self.metrics.note(scope, status, time.perf_counter() - started)


def count_retry(scope: MutableMapping[str, Any]) -> None:
    """The transaction of this request lost a race and runs again."""
    scope[RETRIED] = scope.get(RETRIED, 0) + 1
