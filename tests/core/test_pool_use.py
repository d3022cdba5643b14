"""Who gets which connection, who waits for one, and when that makes no sense."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core import pool_use
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


async def until_idle(pool: asyncpg.Pool) -> None:
    while pool.get_idle_size() == 0:  # noqa: ASYNC110 # the pool tells nobody
        await asyncio.sleep(0.01)


async def test_whoever_comes_while_the_queue_stands_is_refused_and_it_moves_again(pool: asyncpg.Pool) -> None:
    clock = StoppedClock()
    use = PoolUse(pool, 60, clock)
    held = await use.acquire()
    first, second = [asyncio.create_task(use.acquire()) for _ in range(2)]
    await until_waiting(use, 2)

    clock.now += 20
    with pytest.raises(PoolExhausted):
        await use.acquire()
    await use.release(held, is_in_order=True)
    held = await first
    third = asyncio.create_task(use.acquire())  # the queue has moved
    await until_waiting(use, 2)
    await use.release(held, is_in_order=True)
    await use.release(await second, is_in_order=True)
    await use.release(await third, is_in_order=True)

    assert (use.waiting, use.acquired) == (0, 4)
    await use.close()


async def test_a_queue_that_moves_may_be_long(pool: asyncpg.Pool) -> None:
    clock = StoppedClock()
    use = PoolUse(pool, 60, clock)
    held = await use.acquire()
    tasks = [asyncio.create_task(use.acquire()) for _ in range(20)]
    await until_waiting(use, 20)

    for task in tasks:
        clock.now += 10
        await use.release(held, is_in_order=True)
        held = await task
    await use.release(held, is_in_order=True)

    assert use.acquired == 21
    await use.close()


async def test_after_nobody_waited_for_long_one_may_find_out(pool: asyncpg.Pool) -> None:
    clock = StoppedClock()
    use = PoolUse(pool, 60, clock)
    held = await use.acquire()
    clock.now += 1_000

    waiting = asyncio.create_task(use.acquire())
    await until_waiting(use, 1)
    await use.release(held, is_in_order=True)

    await use.release(await waiting, is_in_order=True)
    await use.close()


async def test_what_is_given_back_in_order_is_kept_for_the_next_one(pool: asyncpg.Pool) -> None:
    use = PoolUse(pool, 60)
    first = await use.acquire()
    await use.release(first, is_in_order=True)

    again = await use.acquire()

    assert again is first
    assert (use.in_use, use.acquired) == (1, 2)
    await use.release(again, is_in_order=True)
    assert use.in_use == 0
    await use.close()


async def test_who_waits_longest_gets_it(pool: asyncpg.Pool) -> None:
    use = PoolUse(pool, 60)
    held = await use.acquire()
    waiting = [asyncio.create_task(use.acquire()) for _ in range(3)]
    await until_waiting(use, 3)
    waiting[0].cancel()

    await use.release(held, is_in_order=True)
    late = asyncio.create_task(use.acquire())
    second = await waiting[1]
    order = [task.done() for task in (waiting[2], late)]
    await use.release(second, is_in_order=False)  # through the pool, and all the same to the next
    await use.release(await waiting[2], is_in_order=True)
    await use.release(await late, is_in_order=True)

    assert order == [False, False]
    assert (use.waiting, use.in_use) == (0, 0)
    await use.close()


async def test_who_leaves_at_the_moment_of_being_given_one_passes_it_on(pool: asyncpg.Pool) -> None:
    use = PoolUse(pool, 60)
    held = await use.acquire()
    leaving, staying = [asyncio.create_task(use.acquire()) for _ in range(2)]
    await until_waiting(use, 2)

    await use.release(held, is_in_order=True)
    leaving.cancel()

    await use.release(await staying, is_in_order=True)
    assert leaving.cancelled()
    assert (use.waiting, use.in_use, use.acquired) == (0, 0, 2)
    await use.close()


async def test_who_has_waited_for_long_enough_is_refused_and_in_nobodys_way(pool: asyncpg.Pool) -> None:
    use = PoolUse(pool, 0.02)
    held = await use.acquire()

    with pytest.raises(TimeoutError):
        await use.acquire()

    waiting = asyncio.create_task(use.acquire())
    await until_waiting(use, 1)
    await use.release(held, is_in_order=True)
    await use.release(await waiting, is_in_order=True)
    await use.close()


async def test_what_is_not_in_order_goes_through_the_pool(pool: asyncpg.Pool) -> None:
    use = PoolUse(pool, 60)
    broken = await use.acquire()
    await broken.execute("BEGIN")

    await use.release(broken, is_in_order=True)  # it is not: somebody's transaction is open
    assert pool.get_idle_size() == 1
    held = await use.acquire()
    is_in_transaction = held.is_in_transaction()
    await use.release(held, is_in_order=False)

    assert not is_in_transaction
    assert pool.get_idle_size() == 1


async def test_a_connection_that_was_closed_while_it_was_kept_is_replaced(pool: asyncpg.Pool) -> None:
    use = PoolUse(pool, 60)
    first = await use.acquire()
    await use.release(first, is_in_order=True)
    first.terminate()

    second = await use.acquire()

    assert await second.fetchval("SELECT 1") == 1
    await use.release(second, is_in_order=True)
    await use.close()


async def test_while_no_connection_can_be_opened_everybody_is_told_so(database_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=0, max_size=1) as pool:
        pool.set_connect_args("postgresql://nobody@127.0.0.1:9/nothing")
        use = PoolUse(pool, 60)

        told = await asyncio.gather(*(use.acquire() for _ in range(5)), return_exceptions=True)
        pool.set_connect_args(database_url)
        connection = await use.acquire()

        assert {type(each) for each in told} <= {ConnectionRefusedError, OSError}
        await use.release(connection, is_in_order=True)
        await use.close()


async def test_the_pool_gets_back_what_was_kept_for_long(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_use, "_KEPT_SECONDS", 0.01)
    use = PoolUse(pool, 60)
    await use.release(await use.acquire(), is_in_order=True)
    assert pool.get_idle_size() == 0

    await until_idle(pool)
    connection = await use.acquire()
    await use.release(connection, is_in_order=True)

    assert use.in_use == 0
    await use.close()


async def test_closing_waits_for_those_in_use(pool: asyncpg.Pool) -> None:
    use = PoolUse(pool, 60)
    held = await use.acquire()
    closing = asyncio.create_task(use.close())
    await asyncio.sleep(0)

    assert not closing.done()
    await use.release(held, is_in_order=True)

    await asyncio.wait_for(closing, 10)
