"""The worker: fan out, claim, send and settle, overlapping, until it is told to stop.

Any number of them may run. Each step is one short transaction; none is open while HTTP is spoken. A worker is alive
when it progresses, not when its process exists.
"""

import asyncio
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import asyncpg
import structlog

from app.audit.chain import link
from app.core.address_guard import AddressGuard
from app.core.database import Database, connect
from app.core.kept_answers import forget_expired
from app.core.metrics import new_registry, shown_at
from app.core.persistence import persistently, unless
from app.core.roles import WORKER_ROLE
from app.core.settings import Settings
from app.outbox.wakeup import listen
from app.team_targets.won_totals import fold
from app.webhooks.attempt import Limits
from app.webhooks.breaker import STANDARD_BREAKER, Breaker
from app.webhooks.courier import Capacity, Courier
from app.webhooks.endpoint_secrets import SigningSecrets
from app.webhooks.fanout import fan_out
from app.webhooks.health import EndpointKey, disable, gone_endpoints
from app.webhooks.housekeeping import keep_house
from app.webhooks.lanes import STANDARD_CLAIM, Claim, claim, recreate_missing_lanes
from app.webhooks.metrics import WorkerMetrics
from app.webhooks.replaying import replay_batch
from app.webhooks.result import STANDARD_SCHEDULE, Report, Schedule
from app.webhooks.rotation import wipe_expired_secrets
from app.webhooks.sender import Sender
from app.webhooks.settling import settle

_LOOPS = {"fan_out", "claim", "settle"}
_MOST_REPORTS = 1_000
# Under load, results are settled in larger batches; nobody waits for them but the next claim.
_BUSY_REPORTS = 10
_GATHER_SECONDS = 0.02
_SWEEP_SECONDS = 60.0
_LOOK_SECONDS = 10.0
_ACQUIRE_TIMEOUT_SECONDS = 5.0  # nobody waits for a worker's answer
_HOUSEKEEPING_SECONDS = 3_600.0
_HELD_BACK_SECONDS = (0.005, 0.1)
_SHUTDOWN_SECONDS = 10.0

# These tables fill and drain faster than their statistics follow, and every statement here looks rows up by key.
PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a worker looks by itself, how much it takes, and when it tries again."""

    poll_seconds: float = 1.0
    claim: Claim = STANDARD_CLAIM
    schedule: Schedule = STANDARD_SCHEDULE
    breaker: Breaker = STANDARD_BREAKER


STANDARD_PACE = Pace()


async def run_worker(settings: Settings, stop: asyncio.Event) -> None:
    """Deliver until `stop` is set; `settings.database_url` must be given."""
    registry = new_registry()
    worker = Worker(settings, metrics=WorkerMetrics(registry))
    with shown_at(settings.worker_metrics_address, registry):
        await worker.run(stop)


class Worker:
    """One worker with a pool of its own; survives restarts of Postgres by itself."""

    def __init__(
        self,
        settings: Settings,
        pace: Pace = STANDARD_PACE,
        clock: Callable[[], float] = time.monotonic,
        metrics: WorkerMetrics | None = None,
    ) -> None:
        self._settings = settings
        self._secrets = SigningSecrets(settings.secret_box())
        self._pace = pace
        self._news = asyncio.Event()  # events may have been committed
        self._due = asyncio.Event()  # lanes may be due
        self._is_stopping = False
        self._progress: dict[str, float] = {}
        self._clock = clock
        self._metrics = metrics or WorkerMetrics(new_registry())
        self._made_at = clock()
        self.database: Database | None = None

    @property
    def standstill_seconds(self) -> float:
        """For how long the slowest of its loops has done nothing, nor found that there is nothing to do."""
        return self._clock() - min(self._progress.get(loop, self._made_at) for loop in _LOOPS)

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then finish the attempts under way, settle them and release the leases."""
        self.database = database = await unless(stop, persistently(self._connect))
        if database is None:
            return
        database.after_commit = self._news.set
        settings = self._settings
        guard = AddressGuard(settings.webhook_allowed_networks, allow_http=settings.webhook_allow_http)
        limits = Limits(deadline_seconds=settings.webhook_deadline_seconds)
        try:
            async with Sender(guard, limits=limits) as sender:
                capacity = Capacity(settings.webhook_concurrency, settings.webhook_in_flight)
                courier = Courier(sender, self._secrets, self._pace.schedule, capacity, self._pace.breaker)
                await self._deliver(database, courier, stop)
        finally:
            database.use.terminate()

    async def _deliver(self, database: Database, courier: Courier, stop: asyncio.Event) -> None:
        _log.info("worker started")
        try:
            async with asyncio.TaskGroup() as tasks:
                background = [
                    tasks.create_task(listen(self._settings.session_url, self._news.set)),
                    tasks.create_task(self._sweep(database)),
                    tasks.create_task(self._replay(database)),
                    tasks.create_task(self._measure(database)),
                    tasks.create_task(self._keep_house(database)),
                    tasks.create_task(self._chain(database)),
                    tasks.create_task(self._settle(database, courier)),
                ]
                taking = {
                    tasks.create_task(self._fan_out(database)),
                    tasks.create_task(self._claim(database, courier)),
                }
                await stop.wait()
                await self._finish(courier, taking)
                for task in background:
                    task.cancel()
        finally:
            courier.abandon()
        _log.info("worker stopped")

    async def _finish(self, courier: Courier, taking: set[asyncio.Task[None]]) -> None:
        # not cancelled: a claim that was committed but not heard of would keep its leases
        self._is_stopping = True
        self._news.set()
        self._due.set()
        _, late = await asyncio.wait(taking, timeout=_SHUTDOWN_SECONDS)
        for task in late:
            task.cancel()
        await courier.finish()
        with suppress(TimeoutError):  # leases that cannot be given back run out
            async with asyncio.timeout(_SHUTDOWN_SECONDS):
                await courier.reports.join()

    async def _fan_out(self, database: Database) -> None:
        shortest, longest = _HELD_BACK_SECONDS
        held_back_seconds = shortest
        while not self._is_stopping:
            self._news.clear()
            done = await persistently(lambda: fan_out(database))
            self._progress["fan_out"] = self._clock()
            if done is None or done.deliveries:
                self._due.set()
            if done is not None and done.events:
                held_back_seconds = shortest
            if done is not None and done.has_more:
                continue
            is_held_back = done is not None and done.is_held_back
            await _wait(self._news, held_back_seconds if is_held_back else self._pace.poll_seconds)
            held_back_seconds = min(held_back_seconds * 2, longest) if is_held_back else shortest

    async def _claim(self, database: Database, courier: Courier) -> None:
        amount = self._pace.claim
        while not self._is_stopping:
            self._due.clear()
            started = time.monotonic()
            held = courier.shares_taken(amount.lanes_per_endpoint)
            lanes = await persistently(partial(claim, database, amount, held))
            courier.take(lanes, started + amount.lease_seconds - self._settings.webhook_deadline_seconds)
            self._progress["claim"] = self._clock()
            if len(lanes) < amount.lanes:
                await _wait(self._due, self._pace.poll_seconds)

    async def _settle(self, database: Database, courier: Courier) -> None:
        while True:
            reports = await _take(courier.reports, self._pace.poll_seconds)
            if reports:
                await self._settle_batch(database, courier, reports)
            self._progress["settle"] = self._clock()

    async def _settle_batch(self, database: Database, courier: Courier, reports: list[Report]) -> None:
        # first, so that nothing is sent to them between the two
        await self._disable(database, gone_endpoints(reports))
        settled = await persistently(lambda: settle(database, reports, self._pace.breaker))
        courier.hold_back(settled.held_back)
        for hold in settled.refused:
            courier.lose(hold)
        courier.settled(reports)
        self._metrics.note(reports)
        self._due.set()
        await self._disable(database, settled.to_disable)
        for _ in reports:
            courier.reports.task_done()

    async def _disable(self, database: Database, endpoints: Iterable[EndpointKey]) -> None:
        for endpoint in endpoints:
            if await persistently(partial(disable, database, endpoint)):
                _log.warning("endpoint disabled", endpoint_id=str(endpoint.id), reason=endpoint.reason)

    async def _sweep(self, database: Database) -> None:
        while True:
            if missing := await persistently(lambda: recreate_missing_lanes(database)):
                _log.error("lanes were missing", count=missing)
                self._due.set()
            while await persistently(lambda: forget_expired(database)):
                pass
            await persistently(lambda: wipe_expired_secrets(database))
            while await persistently(lambda: fold(database)):
                pass
            await asyncio.sleep(_SWEEP_SECONDS)

    async def _measure(self, database: Database) -> None:
        while True:
            try:
                await persistently(lambda: self._metrics.look(database))
            except asyncpg.PostgresError as error:  # who measures stops nobody
                _log.error("not measured", exc_info=error)
            await asyncio.sleep(_LOOK_SECONDS)

    async def _replay(self, database: Database) -> None:
        while True:
            if await persistently(lambda: replay_batch(database)):
                self._due.set()
            else:
                await asyncio.sleep(self._pace.poll_seconds)

    async def _keep_house(self, database: Database) -> None:
        while True:
            try:
                await persistently(lambda: keep_house(database, self._settings, datetime.now(UTC)))
            except asyncpg.PostgresError as error:
                # deliveries go on; when no partition is left ahead, /readyz says so
                _log.error("housekeeping failed", exc_info=error)
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)

    async def _chain(self, database: Database) -> None:
        while True:
            if not await persistently(lambda: link(database)):
                await asyncio.sleep(self._pace.poll_seconds)

    async def _connect(self) -> Database:
        return await connect(
            self._settings,
            role=WORKER_ROLE,
            size=self._settings.worker_pool_size,
            acquire_timeout_seconds=_ACQUIRE_TIMEOUT_SECONDS,
            plans=PLANS,
        )


async def _wait(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def _take(reports: asyncio.Queue[Report], seconds: float) -> list[Report]:
    taken = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            taken.append(await reports.get())
    if reports.qsize() >= _BUSY_REPORTS:
        await asyncio.sleep(_GATHER_SECONDS)
    while taken and len(taken) < _MOST_REPORTS and not reports.empty():
        taken.append(reports.get_nowait())
    return taken
