"""Real workers in the test's own loop, at a pace that tests can wait for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime

import asyncpg

from app.core.settings import Settings
from app.webhooks.breaker import Breaker
from app.webhooks.lanes import Claim
from app.webhooks.worker import Pace, Worker
from tests.builders.receiver import PATIENCE_SECONDS


def at_once(attempts: int = 10) -> Callable[[datetime, int, int | None, Callable[[], float]], datetime | None]:
    """A schedule that tries again at once, up to so many attempts."""

    def schedule(
        now: datetime, attempts_made: int, _retry_after_seconds: int | None, _random: Callable[[], float]
    ) -> datetime | None:
        return now if attempts_made < attempts else None

    return schedule


def hasty(attempts: int = 10, lease_seconds: float = 60.0) -> Pace:
    breaker = Breaker(first_probe_seconds=0.001, longest_probe_seconds=0.01)
    return Pace(0.01, Claim(lease_seconds=lease_seconds), at_once(attempts), breaker)


@asynccontextmanager
async def working(
    settings: Settings, pace: Pace | None = None, count: int = 1
) -> AsyncIterator[list[asyncio.Task[None]]]:
    """Run workers; they are stopped in good order at the end, unless the test has cancelled them."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(Worker(settings, pace or hasty()).run(stop)) for _ in range(count)]
    try:
        yield tasks
    finally:
        stop.set()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


async def until_settled(owner: asyncpg.Connection, endpoint_id: str, count: int) -> list[asyncpg.Record]:
    """Wait until an endpoint has so many settled deliveries; gives all of them in the order of the log."""
    return await until(lambda: _deliveries(owner, endpoint_id), lambda rows: _settled(rows) >= count)


async def until_somebody_waits(owner: asyncpg.Connection) -> None:
    """Wait until a transaction waits for another one of this database."""
    await until(
        lambda: owner.fetch(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        ),
        bool,
    )


def _settled(rows: list[asyncpg.Record]) -> int:
    return sum(row["status"] != "pending" for row in rows)


async def _deliveries(owner: asyncpg.Connection, endpoint_id: str) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await owner.fetch(
        "SELECT d.*, e.body, e.xid FROM webhook_deliveries d JOIN events e ON e.id = d.event_id "
        "WHERE d.endpoint_id = $1 ORDER BY e.xid, e.id",
        endpoint_id,
    )
    return rows


async def until(
    look: Callable[[], Awaitable[list[asyncpg.Record]]], is_enough: Callable[[list[asyncpg.Record]], bool]
) -> list[asyncpg.Record]:
    """Look again and again until it is enough."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_enough(rows := await look()):  # noqa: ASYNC110 # the database tells nobody
            await asyncio.sleep(0.01)
    return rows
