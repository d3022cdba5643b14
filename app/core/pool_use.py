"""Connections of a pool, handed from one to the next, and what using them costs: how many wait, and for how long."""

import asyncio
import time
from asyncio import Future
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

import asyncpg

_STANDING = 0.25  # of the time that one waits at most
_KEPT_SECONDS = 60.0

Turn: TypeAlias = "Future[asyncpg.Connection | None]"  # a connection, or leave to take one out of the pool


class PoolExhausted(TimeoutError):
    """Others wait for a connection, and none was given out for a while: it would be the same for this one."""


class PoolUse:
    """Takes connections out of a pool, which nobody else uses, and counts.

    What is given back in order goes to whoever waits longest, or is kept for who comes next: to give it to the pool and
    take it out again costs a tenth of a small request. The pool gets what is not in order, and each minute what is
    kept, to renew or to close it. While the queue stands still, whoever comes is refused at once; those who wait find
    out when it moves again.
    """

    def __init__(self, pool: asyncpg.Pool, most_seconds: float, clock: Callable[[], float] = time.perf_counter) -> None:
        self.pool = pool
        self.in_use = 0
        self.waiting = 0
        self.acquired = 0
        self.waited_seconds = 0.0
        self._most_seconds = most_seconds
        self._clock = clock
        self._moved_at = clock()
        self._left_in_pool: int = pool.get_max_size()
        self._kept: list[asyncpg.Connection] = []
        self._queue: deque[Turn] = deque()
        self._returning: asyncio.TimerHandle | None = None
        self._returns: set[asyncio.Task[None]] = set()
        self._is_closing = False

    async def acquire(self) -> asyncpg.Connection:
        """A connection, to be released; raises `TimeoutError`."""
        connection = await self._kept_one() or await self._wait()
        self.in_use += 1
        self.acquired += 1
        return connection

    async def release(self, connection: asyncpg.Connection, *, is_in_order: bool) -> None:
        """Give a connection back; one on which something has broken off is not `is_in_order`."""
        self.in_use -= 1
        if is_in_order and _is_usable(connection) and not self._is_closing:
            self._hand_on(connection)
        else:
            await self._return(connection)

    async def close(self) -> None:
        """Close all connections; waits for those in use."""
        self._is_closing = True
        self._return_kept()
        await self.pool.close()

    def terminate(self) -> None:
        """Close all connections at once, those in use too."""
        if self._returning is not None:
            self._returning.cancel()
        self.pool.terminate()

    async def _kept_one(self) -> asyncpg.Connection | None:
        while self._kept:
            kept = self._kept.pop()
            if _is_usable(kept):
                return kept
            await self._return(kept)
        return None

    async def _wait(self) -> asyncpg.Connection:
        started = self._clock()
        if not self.waiting:
            self._moved_at = started
        elif started - self._moved_at > self._most_seconds * _STANDING:
            raise PoolExhausted
        self.waiting += 1
        try:
            connection = await self._next()
        finally:
            self.waiting -= 1
            self.waited_seconds += self._clock() - started
        self._moved_at = self._clock()
        return connection

    async def _next(self) -> asyncpg.Connection:
        if self._left_in_pool:
            self._left_in_pool -= 1
            return await self._take_out()
        return await self._take_turn() or await self._take_out()

    async def _take_turn(self) -> asyncpg.Connection | None:
        loop = asyncio.get_running_loop()
        turn: Turn = loop.create_future()
        self._queue.append(turn)
        patience = loop.call_later(self._most_seconds, _end, turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:  # it came to its turn at the same moment
                self._hand_on(turn.result())
            raise
        finally:
            patience.cancel()

    async def _take_out(self) -> asyncpg.Connection:
        try:
            connection: asyncpg.Connection = await self.pool.acquire(timeout=self._most_seconds)
        except BaseException:
            self._hand_on(None)
            raise
        return connection

    def _hand_on(self, connection: asyncpg.Connection | None) -> None:
        """To whoever waits longest: a connection, or leave to take one out of the pool."""
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._left_in_pool += 1
            return
        self._kept.append(connection)
        if self._returning is None:
            self._returning = asyncio.get_running_loop().call_later(_KEPT_SECONDS, self._return_kept)

    async def _return(self, connection: asyncpg.Connection) -> None:
        try:
            await self.pool.release(connection)
        finally:
            self._hand_on(None)

    def _return_kept(self) -> None:
        if self._returning is not None:
            self._returning.cancel()
        kept, self._kept, self._returning = self._kept, [], None
        for connection in kept:
            returned = asyncio.create_task(self._return(connection))
            self._returns.add(returned)
            returned.add_done_callback(self._returns.discard)


def _end(turn: Turn) -> None:
    if not turn.done():
        turn.set_exception(TimeoutError())


def _is_usable(connection: asyncpg.Connection) -> bool:
    try:
        return not (connection.is_closed() or connection.is_in_transaction())
    except asyncpg.InterfaceError:  # it was closed, and is the pool's again
        return False
