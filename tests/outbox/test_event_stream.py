"""`GET /v1/events/stream` of a real server process, over real sockets."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import httpx
import pytest

from app.core.database import Database, connect, new_id
from app.core.roles import APP_ROLE
from app.core.settings import Settings
from app.outbox.catalogue import EventType
from app.outbox.place import BEGINNING, Place
from app.outbox.record import record, start
from app.people.permissions import Position
from tests.builders.event_schemas import an_event
from tests.builders.event_streams import ReconnectingReader, streaming
from tests.builders.feed import Reader, events_of, write_events
from tests.builders.feed_writers import Load
from tests.builders.server_process import ServerProcess, serving_on
from tests.department import Department

ORIGIN = "https://dashboard.example.com"


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[ServerProcess]:
    given = {"event_stream_heartbeat_seconds": 0.2, "cors_allowed_origins": ORIGIN}
    with serving_on(settings, **given) as running:
        yield running


@pytest.fixture
async def served(server: ServerProcess, database: Database) -> AsyncIterator[Department]:
    """A department that speaks to the server process."""
    async with httpx.AsyncClient(base_url=server.url, timeout=20) as http:
        yield await Department.found(database, http)


async def create_accounts(department: Department, count: int) -> list[str]:
    bodies = [{"name": f"Account {number}"} for number in range(count)]
    return [str((await department.operations.post("/accounts", body))["id"]) for body in bodies]


async def publish_together(department: Department, count: int) -> None:
    """Events of one transaction: they differ by their ids only."""
    async with department.database.begin(department.system) as tx:
        for _ in range(count):
            await record(tx, await start(tx, "account", new_id()), an_event(EventType.ACCOUNT_CREATED))


async def create_account_at_last(department: Department) -> str:
    """While each connection of the pool that was cut gives one 503."""
    while True:
        answer = await department.operations.request("POST", "/accounts", json={"name": "Acme"})
        if answer.status_code == 201:
            return str(answer.json()["id"])
        assert answer.status_code == 503, answer.text


async def test_streams_the_bytes_of_the_feed_in_its_order(served: Department) -> None:
    await create_accounts(served, 5)
    feed = await events_of(served.operations, 5)

    async with streaming(served.operations, cursor=BEGINNING.cursor) as stream:
        messages = await stream.read(5)

    stored = [await served.operations.request("GET", f"/events/{event['id']}") for event in feed]
    assert [message.data for message in messages] == [response.content for response in stored]
    assert [message.event for message in messages] == [event["type"] for event in feed]


async def test_whoever_reads_the_feed_to_its_end_and_then_streams_misses_nothing(served: Department) -> None:
    reader = Reader(served.operations, limit=2)
    before = await create_accounts(served, 3)
    read = await reader.read(3)
    between = await create_accounts(served, 2)

    async with streaming(served.operations, cursor=reader.cursor) as stream:
        live = await create_accounts(served, 2)
        messages = await stream.read(4)

    streamed = [message.body["subject"]["id"] for message in messages]
    assert [event["subject"]["id"] for event in read] + streamed == before + between + live


async def test_without_a_place_it_begins_now(served: Department) -> None:
    await create_accounts(served, 2)
    await events_of(served.operations, 2)

    async with streaming(served.operations) as stream:
        later = await create_accounts(served, 1)
        (message,) = await stream.read(1)

    assert message.body["subject"]["id"] == later[0]


@pytest.mark.parametrize("is_live", [True, False])
async def test_every_id_is_a_place_to_go_on_from_also_within_a_transaction(
    served: Department, *, is_live: bool
) -> None:
    async with AsyncExitStack() as watching:
        watcher = await watching.enter_async_context(streaming(served.operations))
        await publish_together(served, 3)
        await create_accounts(served, 2)
        messages = await watcher.read(5)
        if not is_live:  # nobody keeps the newest events in memory
            await watching.aclose()

        for number, message in enumerate(messages[:-1], 1):
            async with streaming(served.operations, message.id) as stream:
                assert await stream.read(5 - number) == messages[number:]


async def test_the_last_event_id_wins_over_the_cursor_and_is_one_of_the_feeds(served: Department) -> None:
    await create_accounts(served, 3)
    async with streaming(served.operations, cursor=BEGINNING.cursor) as stream:
        messages = await stream.read(3)

    async with streaming(served.operations, messages[0].id, cursor=BEGINNING.cursor) as stream:
        rest = await stream.read(2)

    feed = await served.operations.get("/events", cursor=messages[0].id)
    assert rest == messages[1:]
    assert [event["id"] for event in feed["items"]] == [message.body["id"] for message in rest]


async def test_nothing_is_lost_or_doubled_across_reconnections_under_writers(
    served: Department, settings: Settings
) -> None:
    reader = ReconnectingReader(served.operations, BEGINNING.cursor)
    writers = await connect(settings, role=APP_ROLE, size=10, acquire_timeout_seconds=20)

    written, read = await write_events(writers, served.system, reader, Load(writers=8, events=1_000, subjects=4))
    await writers.close()

    ids = [event["id"] for event in read]
    feed = await Reader(served.operations, limit=1_000).read(1_000)
    assert set(ids) == written
    assert ids == [event["id"] for event in feed]
    assert reader.connections > 20


@pytest.mark.parametrize("is_live", [True, False])
async def test_streams_what_the_filters_let_through(served: Department, *, is_live: bool) -> None:
    rep, other = await served.representative("north"), await served.representative("south")
    async with streaming(served.operations) as everything:
        start = everything.last_id
    owners = [str(rep.user_id), str(served.operations.user_id)]
    wanted: dict[str, Any] = {"type": ["lead.*", "account.created"], "owner_id": owners}

    async def act() -> None:
        for actor in (rep, other, served.operations):
            await actor.post("/leads", {"name": "Ada"})
            await actor.post("/accounts", {"name": "Acme"})
            await actor.post("/contacts", {"name": "Ada"})

    if not is_live:
        await act()
    async with streaming(served.operations, start, **wanted) as stream:
        if is_live:
            await act()
        messages = await stream.read(4)

    assert [message.event for message in messages] == ["lead.created", "account.created"] * 2
    assert {message.body["data"]["object"]["owner_id"] for message in messages} == set(owners)


async def test_heartbeats_carry_the_place_past_events_that_are_not_wanted(served: Department) -> None:
    async with streaming(served.operations, type="lead.*") as stream:
        await create_accounts(served, 3)
        async with streaming(served.operations, stream.last_id) as everything:
            last = (await everything.read(3))[-1]
        await stream.until_at(Place.of(last.id))
        lead = await served.operations.post("/leads", {"name": "Ada"})
        (message,) = await stream.read(1)

    assert stream.heartbeats > 0
    assert message.body["subject"]["id"] == lead["id"]


async def test_another_organizations_events_are_not_streamed(served: Department, other_department: Department) -> None:
    async with streaming(served.operations) as stream:
        await other_department.operations.post("/accounts", {"name": "Theirs"})
        own = await create_accounts(served, 1)
        (message,) = await stream.read(1)

    assert message.body["subject"]["id"] == own[0]


async def test_a_revoked_key_is_cut_off(served: Department) -> None:
    specialist = await served.hire(Position.SALES_OPERATIONS_SPECIALIST)
    keys = await served.operations.get("/api-keys", user_id=str(specialist.user_id))
    async with streaming(specialist) as stream:
        await served.operations.delete(f"/api-keys/{keys['items'][0]['id']}")
        async with asyncio.timeout(5):
            missed = await stream.until_end()

    assert missed == []
    await specialist.get("/events/stream", expect=401)


async def test_whoever_changes_to_a_position_that_may_not_read_is_cut_off(served: Department) -> None:
    specialist = await served.hire(Position.SALES_OPERATIONS_SPECIALIST)
    async with streaming(specialist) as stream:
        await served.operations.patch(f"/users/{specialist.user_id}", {"position": "account_executive"})
        async with asyncio.timeout(5):
            await stream.until_end()

    await specialist.get("/events/stream", expect=403)


async def test_goes_on_when_its_connections_to_postgres_are_cut(served: Department, owner: asyncpg.Connection) -> None:
    streamed: list[str] = []
    created: list[str] = []

    async with streaming(served.operations) as stream:
        for _ in range(3):
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND application_name LIKE 'stageline:%'"
            )
            created += [await create_account_at_last(served) for _ in range(2)]
            streamed += [message.body["subject"]["id"] for message in await stream.read(2)]

    assert streamed == created


async def test_a_page_of_another_origin_may_stream(served: Department) -> None:
    asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    headers = {"Access-Control-Request-Headers": "authorization, last-event-id"}
    preflight = await served.http.options("/v1/events/stream", headers=asked | headers)
    key = {"Authorization": f"Bearer {served.operations.key}"}
    async with served.http.stream("GET", "/v1/events/stream", headers=asked | key) as response:
        answered = response.headers

    assert preflight.status_code == 200
    assert answered["Access-Control-Allow-Origin"] == ORIGIN
    assert answered["Content-Type"] == "text/event-stream; charset=utf-8"
    assert (answered["Cache-Control"], answered["X-Accel-Buffering"]) == ("no-store", "no")


@pytest.mark.parametrize(
    ("parameters", "headers", "pointer"),
    [
        ({"cursor": "bm90IG91cnM="}, {}, "/query/cursor"),
        ({"owner_id": "x"}, {}, "/query/owner_id/0"),
        ({"step": "dancing"}, {}, "/query/step/0"),
        ({"limit": "5"}, {}, "/query/limit"),
        ({}, {"Last-Event-ID": "bm90IG91cnM="}, "/header/Last-Event-ID"),
    ],
)
async def test_refuses_bad_parameters(
    department: Department, parameters: dict[str, str], headers: dict[str, str], pointer: str
) -> None:
    answer = await department.operations.request("GET", "/events/stream", headers=headers, **parameters)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("position", [Position.SALES_REPRESENTATIVE, Position.SALES_MANAGER])
async def test_only_operations_may_stream(department: Department, position: Position) -> None:
    actor = await department.hire(position)

    await actor.get("/events/stream", expect=403)
