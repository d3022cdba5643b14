"""Waiting for a connection, and when it makes no sense."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core.pool_use import PoolExhausted, PoolUse
from tests.builders.stopped_clock import StoppedClock


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool of one connection."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        yield pool


async def until_waiting(use: PoolUse, count: int) -> None:
    while use.waiting < count:  # noqa: ASYNC110 # it only takes the tasks' turns
        await asyncio.sleep(0)


async def test_whoever_comes_while_the_queue_stands_is_refused_and_it_moves_again(pool: asyncpg.Pool) -> None:
    clock = StoppedClock()
    use = PoolUse(60, clock)
    held = await use.acquire(pool)
    first, second = [asyncio.create_task(use.acquire(pool)) for _ in range(2)]
    await until_waiting(use, 2)

    clock.now += 20
    with pytest.raises(PoolExhausted):
        await use.acquire(pool)
    await pool.release(held)
    held = await first
    third = asyncio.create_task(use.acquire(pool))  # the queue has moved
    await until_waiting(use, 2)
    await pool.release(held)
    await pool.release(await second)
    await pool.release(await third)

    assert (use.waiting, use.acquired) == (0, 4)


async def test_a_queue_that_moves_may_be_long(pool: asyncpg.Pool) -> None:
    clock = StoppedClock()
    use = PoolUse(60, clock)
    held = await use.acquire(pool)
    tasks = [asyncio.create_task(use.acquire(pool)) for _ in range(20)]
    await until_waiting(use, 20)

    for task in tasks:
        clock.now += 10
        await pool.release(held)
        held = await task
    await pool.release(held)

    assert use.acquired == 21


async def test_after_nobody_waited_for_long_one_may_find_out(pool: asyncpg.Pool) -> None:
    clock = StoppedClock()
    use = PoolUse(60, clock)
    held = await use.acquire(pool)
    clock.now += 1_000

    waiting = asyncio.create_task(use.acquire(pool))
    await until_waiting(use, 1)
    await pool.release(held)

    await pool.release(await waiting)
