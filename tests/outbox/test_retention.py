"""Forgetting old events: whole months, said to those who were away too long, and without holding anybody up."""

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from app.core.database import Database, new_id
from app.core.partitions import month_start
from app.core.settings import Settings
from app.outbox.place import BEGINNING, Place
from app.outbox.retention import forget_events
from tests.builders.event_streams import served_by, streaming
from tests.builders.feed import events_of
from tests.builders.months import (
    fill_log,
    months_ago,
    old_months,
    partition_of,
    partitions,
    record_at,
    worker_connections,
)
from tests.builders.server_process import serving_on
from tests.department import Department

KEPT_FROM = month_start(datetime.now(UTC), 4)
TOO_OLD, OLD = months_ago(5), months_ago(4)


@pytest.fixture
async def worker(settings: Settings, owner: asyncpg.Connection) -> AsyncIterator[Database]:
    """A pool in the worker's role; there are partitions from five months ago on."""
    async with worker_connections(settings) as database, old_months(owner, 5, 4):
        yield database


async def place_of(owner: asyncpg.Connection, event_id: UUID) -> str:
    """The cursor of a reader who has just read the event."""
    return Place(await owner.fetchval("SELECT xid FROM events WHERE id = $1", event_id), event_id).cursor


async def ids_after(department: Department, count: int, **place: str) -> list[UUID]:
    """So many events of the feed."""
    return [UUID(event["id"]) for event in await events_of(department.operations, count, **place)]


async def test_months_that_are_over_go_and_nothing_newer(
    department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    ids = [
        await record_at(department.database, department.system, new_id(), moment)
        for moment in (TOO_OLD, OLD, datetime.now(UTC))
    ]

    dropped = await forget_events(worker, KEPT_FROM)

    kept = await owner.fetch("SELECT id FROM events WHERE organization_id = $1", department.organization_id)
    assert dropped == [partition_of("events", TOO_OLD)]
    assert {row["id"] for row in kept} == set(ids[1:])
    assert partition_of("webhook_attempts", TOO_OLD) in await partitions(owner)


async def test_a_reader_who_was_away_too_long_is_told_and_begins_with_the_oldest_that_is_kept(
    department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    first, second = [await record_at(department.database, department.system, new_id(), TOO_OLD) for _ in range(2)]
    third = await record_at(department.database, department.system, new_id(), OLD)
    fourth = await record_at(department.database, department.system, new_id(), datetime.now(UTC))
    cursors = [await place_of(owner, event_id) for event_id in (first, second, third)]

    await forget_events(worker, KEPT_FROM)

    problem = await department.operations.get("/events", expect=410, cursor=cursors[0])
    streamed = await department.operations.get("/events/stream", expect=410, cursor=cursors[0])
    assert problem["code"] == streamed["code"] == "events_gone"
    assert "without a cursor" in problem["detail"]
    assert await ids_after(department, 2) == [third, fourth]
    assert await ids_after(department, 2, cursor=cursors[1]) == [third, fourth]
    assert await ids_after(department, 1, cursor=cursors[2]) == [fourth]


async def test_a_stream_that_catches_up_is_told_as_well_and_led_past_nothing(
    database: Database, worker: Database, owner: asyncpg.Connection, settings: Settings
) -> None:
    with serving_on(settings) as server:
        async with served_by(server, database) as served:
            await fill_log(owner, served.system, megabytes=16, moment=TOO_OLD)
            later = await record_at(database, served.system, new_id(), datetime.now(UTC))
            await events_of(served.operations, 1)
            async with streaming(served.operations, cursor=BEGINNING.cursor) as stream:
                read = await stream.read(1)

                await forget_events(worker, KEPT_FROM)  # of what it has not read: the client takes nothing meanwhile

                read += await stream.until_end()
            back = {"Last-Event-ID": stream.last_id}
            answer = await served.operations.request("GET", "/events/stream", headers=back)
        log = server.output.read_text()

    assert len(read) < 16 * 128
    assert str(later) not in {message.body["id"] for message in read}
    assert (answer.status_code, answer.json()["code"]) == (410, "events_gone")
    assert "Traceback" not in log


async def test_a_reader_of_another_organization_goes_on_from_any_cursor(
    department: Department, other_department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    own = await record_at(other_department.database, other_department.system, new_id(), OLD)
    cursor = await place_of(owner, own)
    await record_at(department.database, department.system, new_id(), TOO_OLD)
    await other_department.operations.post("/accounts", {"name": "Acme"})

    await forget_events(worker, KEPT_FROM)

    (event,) = await events_of(other_department.operations, 1, cursor=cursor)
    assert event["type"] == "account.created"


async def test_a_dropped_event_is_no_longer_found(department: Department, worker: Database) -> None:
    event_id = await record_at(department.database, department.system, new_id(), TOO_OLD)

    await forget_events(worker, KEPT_FROM)

    await department.operations.get(f"/events/{event_id}", expect=404)


async def test_the_next_event_of_a_subject_has_the_next_number_although_the_last_was_dropped(
    department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    subject_id = new_id()
    await record_at(department.database, department.system, subject_id, TOO_OLD)

    await forget_events(worker, KEPT_FROM)
    await record_at(department.database, department.system, subject_id, datetime.now(UTC))

    assert await owner.fetchval("SELECT sequence FROM events WHERE subject_id = $1", subject_id) == 2


async def test_a_busy_log_is_left_for_the_next_time_and_writers_hardly_wait(
    department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    await record_at(department.database, department.system, new_id(), TOO_OLD)
    async with department.database.begin(department.system) as reading:
        await reading.connection.fetch("SELECT FROM events")
        dropping = asyncio.create_task(forget_events(worker, KEPT_FROM))
        await _until_waiting(owner)
        started = time.monotonic()
        await record_at(department.database, department.system, new_id(), datetime.now(UTC))
        waited_seconds = time.monotonic() - started
        with pytest.raises(asyncpg.LockNotAvailableError):
            await dropping

    assert waited_seconds < 1.5
    assert await forget_events(worker, KEPT_FROM) == [partition_of("events", TOO_OLD)]


async def test_writes_go_on_while_months_are_dropped(
    department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    is_over = asyncio.Event()

    async def write() -> tuple[int, float]:
        count, longest_seconds = 0, 0.0
        while not is_over.is_set():
            started = time.monotonic()
            await record_at(department.database, department.system, new_id(), datetime.now(UTC))
            count, longest_seconds = count + 1, max(longest_seconds, time.monotonic() - started)
        return count, longest_seconds

    writers = [asyncio.create_task(write()) for _ in range(4)]
    for _ in range(5):
        await owner.execute("SELECT create_partitions_ahead(0, $1)", TOO_OLD)
        await record_at(department.database, department.system, new_id(), TOO_OLD)
        assert await forget_events(worker, KEPT_FROM) == [partition_of("events", TOO_OLD)]
    is_over.set()
    written = await asyncio.gather(*writers)

    assert all(count > 5 for count, _ in written)
    assert max(longest_seconds for _, longest_seconds in written) < 1.5


async def test_two_at_once_drop_each_month_once(department: Department, worker: Database) -> None:
    await record_at(department.database, department.system, new_id(), TOO_OLD)

    dropped = await asyncio.gather(*(forget_events(worker, KEPT_FROM) for _ in range(4)))

    assert sorted(map(len, dropped)) == [0, 0, 0, 1]


async def _until_waiting(owner: asyncpg.Connection) -> None:
    waiting = "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND NOT granted"
    async with asyncio.timeout(20):
        while not await owner.fetchval(waiting):  # noqa: ASYNC110 # the database tells nobody
            await asyncio.sleep(0.005)
