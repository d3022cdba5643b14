"""The composition root: settings in, one ASGI application out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import asyncpg
import structlog
from fastapi import FastAPI

from app import __version__
from app.access.routes import access
from app.accounts.routes import accounts, contacts
from app.activities.routes import activities
from app.api_document import describe, operation_id
from app.audit.routes import audit
from app.connections import connect_app
from app.contracts.routes import contracts
from app.core import docs_page, layers, metrics, problem_handlers, problem_pages, route_index
from app.core.address_guard import AddressGuard
from app.core.admission import Admission
from app.core.database import TRANSIENT, Database
from app.core.health import health
from app.core.partitions import create_ahead
from app.core.rate_limits import RateLimits
from app.core.request_metrics import RequestMetrics
from app.core.settings import Settings
from app.follow_up.routes import follow_up
from app.leads.routes import leads
from app.opportunities.part_routes import opportunity_parts
from app.opportunities.routes import opportunities
from app.outbox.streaming import EventStreams, StreamLimits
from app.outbox.wakeup import Wakeup, listen
from app.people.authentication import Authenticator
from app.people.key_holder import KeyHolders
from app.people.key_use import KeyUse
from app.people.openid import token_holders
from app.people.routes import people
from app.people.strangers import Strangers
from app.personal_data.routes import personal_data
from app.pipelines.routes import pipelines
from app.products.routes import products
from app.proposals.routes import proposals
from app.team_targets.routes import team_targets
from app.timelines.routes import timelines
from app.transitions.plan_routes import transition_plans
from app.transitions.routes import transitions
from app.webhooks.event_routes import events
from app.webhooks.metrics import WorkerMetrics
from app.webhooks.readiness import WorkerReadiness
from app.webhooks.routes import webhooks
from app.webhooks.worker import Worker

ROUTERS = (
    people,
    access,
    leads,
    accounts,
    contacts,
    timelines,
    opportunities,
    opportunity_parts,
    transitions,
    transition_plans,
    activities,
    proposals,
    contracts,
    follow_up,
    products,
    pipelines,
    team_targets,
    events,
    webhooks,
    audit,
    personal_data,
    health,
)

_log = structlog.get_logger()


def create_app(settings: Settings, database: Database | None = None, *, with_worker: bool = False) -> FastAPI:
    """Build the service; with a given `database` it uses that one and leaves it open."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        own = database or await connect_app(settings)
        _hold(app, settings, own)
        await _make_partitions(own)
        stop = asyncio.Event()
        worker = _start_worker(app, settings, stop) if with_worker else None
        async with _waking(app, settings, own):
            yield
        app.state.is_stopping = True
        stop.set()
        if worker is not None:
            await worker
        if database is None:
            await own.close()

    app = FastAPI(
        title="Stageline",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
        telemetry={"metrics": False, "logs": False},  # they are Prometheus' and structlog's; traces are OpenTelemetry's
    )
    if database is not None:
        _hold(app, settings, database)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(problem_pages.pages)
    app.include_router(metrics.pages)
    docs_page.install(app)
    route_index.install(app)
    problem_handlers.install(app)
    describe(app)
    app.state.rate_limits = RateLimits(settings)
    app.state.admission = Admission(settings.max_requests_in_flight)
    layers.install(app, settings, _measured(app), app.state.rate_limits, app.state.admission)
    return app


def _measured(app: FastAPI) -> RequestMetrics:
    app.state.registry = registry = metrics.new_registry()
    readings = metrics.Readings(registry)
    metrics.measure_pool(readings, lambda: app.state.database)
    readings.counter(
        "stageline_requests_refused",
        "Requests beyond those that may be in flight.",
        lambda: app.state.admission.refused,
    )
    readings.gauge("stageline_event_streams_open", "Event streams.", lambda: app.state.event_streams.open)
    return RequestMetrics(registry)


async def _make_partitions(database: Database) -> None:
    """Make the months to come, so that also an installation without a worker has them."""
    try:
        await create_ahead(database, datetime.now(UTC))
    except (*TRANSIENT, asyncpg.PostgresError) as error:
        # requests can be served all the same, or /readyz says why not
        _log.warning("no partitions were made", error=type(error).__name__)


@asynccontextmanager
async def _waking(app: FastAPI, settings: Settings, database: Database) -> AsyncIterator[None]:
    """Tell workers and streams of every commit with an event, while the application runs."""
    if settings.database_url is None:
        yield
        return
    app.state.wakeup = wakeup = Wakeup(settings.session_url)
    database.after_commit = wakeup.notify
    streams: EventStreams = app.state.event_streams
    running = (wakeup.run(), listen(settings.session_url, streams.wake), app.state.key_use.run())
    tasks = [asyncio.create_task(each) for each in running]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


def _start_worker(app: FastAPI, settings: Settings, stop: asyncio.Event) -> asyncio.Task[None]:
    worker = Worker(settings, metrics=WorkerMetrics(app.state.registry))
    app.state.readiness_checks.append(WorkerReadiness(worker))
    return asyncio.create_task(worker.run(stop))


def _hold(app: FastAPI, settings: Settings, database: Database) -> None:
    app.state.settings = settings
    app.state.secret_box = settings.secret_box()
    app.state.database = database
    app.state.readiness_checks = []
    app.state.key_use = KeyUse(database)
    app.state.authenticator = Authenticator(
        KeyHolders(database, app.state.key_use),
        token_holders(settings, database),
        settings.caller_cache_seconds,
        Strangers(settings),
    )
    limits = StreamLimits(
        settings.max_event_streams, settings.event_stream_heartbeat_seconds, settings.event_stream_slow_reader_seconds
    )
    app.state.event_streams = EventStreams(database, limits)
    app.state.address_guard = AddressGuard(settings.webhook_allowed_networks, allow_http=settings.webhook_allow_http)
