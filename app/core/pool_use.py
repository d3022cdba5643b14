"""What using a pool of connections costs: how many wait, how many were given out, and how long was waited."""

import time
from collections.abc import Callable

import asyncpg

_STANDING = 0.25  # of the time that one waits at most


class PoolExhausted(TimeoutError):
    """Others wait for a connection, and none was given out for a while: it would be the same for this one."""


class PoolUse:
    """Takes connections from a pool and counts.

    While the queue stands still, whoever comes is refused at once; those who wait find out when it moves again.
    """

    def __init__(self, most_seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.waiting = 0
        self.acquired = 0
        self.waited_seconds = 0.0
        self._most_seconds = most_seconds
        self._clock = clock
        self._moved_at = clock()

    async def acquire(self, pool: asyncpg.Pool) -> asyncpg.Connection:
        """A connection, to be released to the pool; raises `TimeoutError`."""
        started = self._clock()
        if not self.waiting:
            self._moved_at = started
        elif started - self._moved_at > self._most_seconds * _STANDING:
            raise PoolExhausted
        self.waiting += 1
        try:
            connection: asyncpg.Connection = await pool.acquire(timeout=self._most_seconds)
        finally:
            self.waiting -= 1
            self.waited_seconds += self._clock() - started
        self._moved_at = self._clock()
        self.acquired += 1
        return connection
