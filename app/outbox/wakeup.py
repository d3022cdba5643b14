"""Waking the workers after a commit: NOTIFY from a connection of its own, at most once in 5 ms.

`pg_notify` inside the writing transactions takes a global lock at their commit: with 32 writers two thirds of the
throughput are gone. A notification that gets lost costs a second: workers also poll.
"""

import asyncio

import asyncpg
import structlog

from app.core.database import dsn

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
