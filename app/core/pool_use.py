"""What using a pool of connections costs: how many wait, how many were given out, and how long was waited."""

import time

import asyncpg


class PoolUse:
    """Takes connections from a pool and counts."""

    def __init__(self) -> None:
        self.waiting = 0
        self.acquired = 0
        self.waited_seconds = 0.0

    async def acquire(self, pool: asyncpg.Pool, timeout_seconds: float) -> asyncpg.Connection:
        """A connection, to be released to the pool; raises `TimeoutError`."""
        started = time.perf_counter()
        self.waiting += 1
        try:
            connection: asyncpg.Connection = await pool.acquire(timeout=timeout_seconds)
        finally:
            self.waiting -= 1
            self.waited_seconds += time.perf_counter() - started
        self.acquired += 1
        return connection
