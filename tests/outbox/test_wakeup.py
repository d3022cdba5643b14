import asyncio
from contextlib import suppress

import asyncpg

from app.connections import connect_app
from app.core.database import Database, new_id
from app.core.settings import Settings
from app.outbox.catalogue import EventType
from app.outbox.record import record, start
from app.outbox.wakeup import CHANNEL, Wakeup
from app.webhooks.worker import Pace
from tests.builders.event_schemas import an_event
from tests.builders.receiver import listening
from tests.builders.workers import until_settled, working
from tests.department import Department


async def test_many_commits_give_few_notifications(settings: Settings, owner: asyncpg.Connection) -> None:
    heard: asyncio.Queue[None] = asyncio.Queue()
    await owner.add_listener(CHANNEL, lambda *_: heard.put_nowait(None))
    wakeup = Wakeup(settings.session_url)
    task = asyncio.create_task(wakeup.run())

    for _ in range(1_000):
        wakeup.notify()
    async with asyncio.timeout(10):
        await heard.get()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert heard.qsize() < 5


async def test_what_could_not_be_told_is_told_when_postgres_is_back(
    settings: Settings, owner: asyncpg.Connection
) -> None:
    heard: asyncio.Queue[None] = asyncio.Queue()
    await owner.add_listener(CHANNEL, lambda *_: heard.put_nowait(None))
    wakeup = Wakeup(settings.session_url)
    task = asyncio.create_task(wakeup.run())
    async with asyncio.timeout(10):
        wakeup.notify()
        await heard.get()
        await owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'stageline:wakeup'"
        )
        wakeup.notify()
        await heard.get()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert heard.empty()


async def test_only_a_commit_with_an_event_is_told(department: Department, settings: Settings) -> None:
    database: Database = await connect_app(settings)
    commits: list[str] = []
    database.after_commit = lambda: commits.append("commit")

    async with database.begin(department.system):
        pass
    with suppress(ZeroDivisionError):
        async with database.begin(department.system) as tx:
            await record(tx, await start(tx, "account", new_id()), an_event(EventType.ACCOUNT_CREATED))
            raise ZeroDivisionError
    told_before = list(commits)
    async with database.begin(department.system) as tx:
        await record(tx, await start(tx, "account", new_id()), an_event(EventType.ACCOUNT_CREATED))
    await database.close()

    assert (told_before, commits) == ([], ["commit"])


async def test_a_commit_wakes_a_worker_that_hardly_ever_looks(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    wakeup = Wakeup(settings.session_url)
    task = asyncio.create_task(wakeup.run())
    department.database.after_commit = wakeup.notify
    async with listening() as receiver, working(settings, Pace(poll_seconds=3_600)):
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        for number in range(5):
            await department.operations.post("/accounts", {"name": f"Account {number}"})
            await receiver.until_count(number + 1)
        await until_settled(owner, endpoint["id"], 5)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task

    assert len(receiver.messages) == 5
