import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg

from app.connections import connect_app
from app.core.database import Row, new_id
from app.core.settings import Settings
from app.outbox.catalogue import EventType
from app.outbox.feed import find_end
from app.outbox.place import Place
from app.outbox.record import record, start
from app.outbox.tail import Tail
from app.outbox.wakeup import Wakeup, listen
from tests.builders.event_schemas import an_event
from tests.builders.receiver import PATIENCE_SECONDS
from tests.department import Department

AN_HOUR = 3_600.0


@asynccontextmanager
async def running(*deeds: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(deed) for deed in deeds]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)


@asynccontextmanager
async def following(department: Department, settings: Settings) -> AsyncIterator[Tail]:
    """A tail that hardly ever looks by itself, woken by notifications as in a process that serves."""
    url = settings.session_url
    tail = Tail(department.database, department.organization_id, poll_seconds=AN_HOUR)
    wakeup = Wakeup(url)
    department.database.after_commit = wakeup.notify
    async with running(tail.run(), wakeup.run(), listen(url, tail.wake)), asyncio.timeout(PATIENCE_SECONDS):
        await tail.is_ready.wait()
        yield tail


async def publish(department: Department, size: int = 10) -> str:
    async with department.database.begin(department.system) as tx:
        subject = await start(tx, "account", new_id())
        event = an_event(EventType.ACCOUNT_CREATED)
        _, event_id = await record(tx, subject, replace(event, object={**event.object, "name": "x" * size}))
    return str(event_id)


async def rows_after(tail: Tail, place: Place, count: int) -> list[Row]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            changed = tail.changed
            found = tail.after(place)
            assert found is not None
            if len(found[0]) >= count:
                return found[0]
            await changed.wait()


async def end_of_log(department: Department) -> Place:
    async with department.database.begin(department.system) as tx:
        return await find_end(tx)


async def test_a_commit_wakes_a_tail_that_hardly_ever_looks(department: Department, settings: Settings) -> None:
    async with following(department, settings) as tail:
        begin = await end_of_log(department)
        published = [await publish(department) for _ in range(3)]
        rows = await rows_after(tail, begin, 3)

    assert [str(row["id"]) for row in rows] == published


async def test_events_held_back_by_an_older_transaction_come_when_it_ends(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    database = await connect_app(settings.model_copy(update={"database_pool_size": 1}))
    tail = Tail(database, department.organization_id, poll_seconds=AN_HOUR)
    async with running(tail.run()):
        await tail.is_ready.wait()
        begin = await end_of_log(department)
        async with owner.transaction():
            await owner.fetchval("SELECT pg_current_xact_id()")
            published = await publish(department)
            tail.wake()
            await owner.fetchval("SELECT 1")
            async with database.begin(department.system):  # the only connection: the tail has looked
                before = tail.after(begin)
        rows = await rows_after(tail, begin, 1)
    await database.close()

    assert before is not None
    assert before[0] == []
    assert [str(row["id"]) for row in rows] == [published]


async def test_a_listener_whose_connection_is_cut_listens_again(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with following(department, settings) as tail:
        begin = await end_of_log(department)
        published = [await publish(department)]
        await rows_after(tail, begin, 1)
        await owner.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name IN ('stageline:listener', 'stageline:wakeup')"
        )
        published += [await publish(department)]
        await rows_after(tail, begin, 2)
        published += [await publish(department)]
        rows = await rows_after(tail, begin, 3)

    assert [str(row["id"]) for row in rows] == published


async def test_whoever_is_further_behind_than_the_window_is_told(department: Department, settings: Settings) -> None:
    async with following(department, settings) as tail:
        begin = await end_of_log(department)
        for _ in range(8):
            await publish(department, size=50_000)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while tail.after(begin) is not None:
                await tail.changed.wait()
        later = tail.after(await end_of_log(department))

    assert later is not None


async def test_what_was_read_before_somebody_was_erased_is_not_handed_out_again(
    department: Department, settings: Settings
) -> None:
    async with following(department, settings) as tail:
        begin = await end_of_log(department)
        lead = await department.operations.post("/leads", {"name": "Ann Field"})
        await rows_after(tail, begin, 1)

        await department.operations.post(f"/leads/{lead['id']}/erasure", expect=200)
        await until_forgotten(tail, begin)

    assert tail.after(begin) is None


async def until_forgotten(tail: Tail, place: Place) -> None:
    while True:
        changed = tail.changed
        if tail.after(place) is None:
            return
        await changed.wait()
