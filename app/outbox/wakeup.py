"""Waking workers and streams after a commit: NOTIFY from a connection of its own, at most once in 5 ms.

`pg_notify` inside the writing transactions takes a global lock at their commit: with 32 writers two thirds of the
throughput are gone. A notification that gets lost costs a second: whoever listens also polls.
"""

import asyncio
from collections.abc import Callable
from typing import NoReturn

import asyncpg
import structlog

from app.core.database import dsn
from app.core.persistence import persistently

CHANNEL = "stageline_events"
_SHORTEST_INTERVAL_SECONDS = 0.005
_RECONNECT_SECONDS = 1.0

_log = structlog.get_logger()


class Wakeup:
    """Tells the workers that something was committed; `notify` may be called as often as there are commits."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._news = asyncio.Event()

    def notify(self) -> None:
        """Have the workers woken soon; never waits."""
        self._news.set()

    async def run(self) -> None:
        """Send the notifications until cancelled; goes on when Postgres comes back."""
        while True:
            try:
                await self._send()
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                _log.warning("workers cannot be woken, they poll", error=type(error).__name__)
                await asyncio.sleep(_RECONNECT_SECONDS)
                self._news.set()  # what could not be told

    async def _send(self) -> None:
        connection = await asyncpg.connect(dsn(self._url), server_settings={"application_name": "stageline:wakeup"})
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                await connection.execute(f"NOTIFY {CHANNEL}")
                await asyncio.sleep(_SHORTEST_INTERVAL_SECONDS)
        finally:
            connection.terminate()


async def listen(url: str, on_news: Callable[[], None]) -> NoReturn:
    """Call `on_news` at each notification, and whenever some may have been missed, until cancelled."""
    while True:
        await persistently(lambda: _hear(url, on_news))


async def _hear(url: str, on_news: Callable[[], None]) -> None:
    connection = await asyncpg.connect(dsn(url), server_settings={"application_name": "stageline:listener"})
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _connection: closed.set())
    try:
        await connection.add_listener(CHANNEL, lambda *_news: on_news())
        on_news()  # whatever was missed
        await closed.wait()
    finally:
        connection.terminate()
