"""`/metrics`: what the process counts and measures, for Prometheus; labels name operations, never who or what."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hmac import compare_digest
from ipaddress import ip_address
from typing import TypeAlias

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    ProcessCollector,
    generate_latest,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.core.database import Database
from app.core.problems import Unauthenticated
from app.core.settings import Settings

Reading: TypeAlias = Callable[[], float]

pages = APIRouter(include_in_schema=False)


@pages.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """Show the metrics to whoever has the token of the settings; without one, to this machine."""
    settings: Settings = request.app.state.settings
    if not _may_read(request, settings.metrics_token.get_secret_value()):
        raise Unauthenticated("Send the metrics' own token: `Authorization: Bearer <STAGELINE_METRICS_TOKEN>`.")
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)


class Readings(Collector):
    """Figures that something else keeps, read when they are asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._gauges: list[tuple[str, str, Reading]] = []
        self._counters: list[tuple[str, str, Reading]] = []
        registry.register(self)

    def gauge(self, name: str, text: str, reading: Reading) -> None:
        """A figure that goes up and down."""
        self._gauges.append((name, text, reading))

    def counter(self, name: str, text: str, reading: Reading) -> None:
        """A figure that only grows while the process runs."""
        self._counters.append((name, text, reading))

    def collect(self) -> Iterator[Metric]:
        """All of them as they are now."""
        for name, text, reading in self._gauges:
            yield GaugeMetricFamily(name, text, reading())
        for name, text, reading in self._counters:
            yield CounterMetricFamily(name, text, reading())


def measure_pool(readings: Readings, database: Callable[[], Database]) -> None:
    """How much of a database's pool is used, and what waiting for it costs."""
    prefix = "stageline_database"
    readings.gauge(f"{prefix}_pool_size", "Connections at most.", lambda: float(database().use.pool.get_max_size()))
    readings.gauge(f"{prefix}_connections_in_use", "Connections in transactions.", lambda: database().use.in_use)
    readings.gauge(f"{prefix}_waiting", "Transactions that wait for a connection.", lambda: database().use.waiting)
    readings.counter(f"{prefix}_acquisitions", "Connections given out.", lambda: database().use.acquired)
    readings.counter(f"{prefix}_wait_seconds", "Time spent waiting for one.", lambda: database().use.waited_seconds)


def new_registry() -> CollectorRegistry:
    """A registry that has the figures of the process itself."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    return registry


@contextmanager
def shown_at(address: str | None, registry: CollectorRegistry) -> Iterator[None]:
    """Serve the metrics of a process without an API at `host:port`, while the block runs, from a thread of its own."""
    if address is None:
        yield
        return
    host, _, port = address.rpartition(":")
    server, _ = start_http_server(int(port), host, registry)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _may_read(request: Request, token: str) -> bool:
    if token:
        given = request.headers.get("authorization", "")
        return compare_digest(given.encode(), f"Bearer {token}".encode())
    return request.client is not None and _is_this_machine(request.client.host)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a unix socket has no address
        return False
