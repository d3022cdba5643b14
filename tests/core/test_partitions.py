"""Partitions: made ahead by the service's roles, which can do nothing else to them; each with all walls."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest

from app.core.database import Database, connect, new_id
from app.core.partitions import MONTHS_AHEAD, create_ahead, drop_expired, month_start
from app.core.roles import APP_ROLE, WORKER_ROLE
from app.core.settings import Settings
from app.main import create_app
from tests.builders.months import (
    drop_partitions,
    months_ago,
    old_months,
    partition_of,
    partitions,
    record_at,
    worker_connections,
)
from tests.department import Department

TABLES = ("events", "webhook_attempts")
THIS_MONTH = datetime.now(UTC)
NEXT_MONTH = month_start(THIS_MONTH, -1)
FARTHEST = [month_start(THIS_MONTH, -MONTHS_AHEAD + back) for back in range(3)]
BY_HAND = {
    "create": "CREATE TABLE events_2001_01 PARTITION OF events FOR VALUES FROM ('0') TO ('1')",
    "create one": "SELECT create_partition('events', now())",
    "drop": "DROP TABLE {partition}",
    "detach": "ALTER TABLE events DETACH PARTITION {partition}",
    "read": "SELECT FROM {partition}",
    "write": "INSERT INTO {partition} SELECT * FROM events",
    "empty": "TRUNCATE {partition}",
}


@pytest.fixture(params=[APP_ROLE, WORKER_ROLE])
async def service(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Database]:
    """A pool in each of the service's roles."""
    role: str = request.param
    database = await connect(settings, role=role, size=4, acquire_timeout_seconds=5)
    yield database
    await database.close()


def test_months_are_counted_over_the_turn_of_the_year() -> None:
    moment = datetime(2027, 2, 28, 23, 59, tzinfo=UTC)

    assert month_start(moment) == datetime(2027, 2, 1, tzinfo=UTC)
    assert month_start(moment, 2) == datetime(2026, 12, 1, tzinfo=UTC)
    assert month_start(moment, -11) == datetime(2028, 1, 1, tzinfo=UTC)


def test_months_are_those_of_utc() -> None:
    moment = datetime.fromisoformat("2027-03-01T01:00:00+02:00")

    assert month_start(moment) == datetime(2027, 2, 1, tzinfo=UTC)


async def test_a_new_database_has_a_year_ahead(owner: asyncpg.Connection) -> None:
    months = [month_start(THIS_MONTH, -ahead) for ahead in range(MONTHS_AHEAD + 1)]

    assert {partition_of(table, month) for table in TABLES for month in months} <= await partitions(owner)


async def test_an_event_is_written_to_its_month(department: Department, owner: asyncpg.Connection) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})
    by_month = [
        (await record_at(department.database, department.system, new_id(), moment), partition_of("events", moment))
        for moment in (NEXT_MONTH - timedelta(milliseconds=1), NEXT_MONTH)
    ]

    places = await owner.fetch("SELECT id, subject_id, tableoid::regclass::text AS place FROM events")
    place = {row["id"]: row["place"] for row in places} | {row["subject_id"]: row["place"] for row in places}

    assert place[UUID(account["id"])] == partition_of("events", THIS_MONTH)
    assert [(each, place[each]) for each, _ in by_month] == by_month


async def test_each_role_makes_what_is_missing_and_no_more(service: Database, owner: asyncpg.Connection) -> None:
    before = await partitions(owner)
    await drop_partitions(owner, [partition_of("events", FARTHEST[0]), partition_of("webhook_attempts", FARTHEST[1])])

    made = [await create_ahead(service, datetime.now(UTC)) for _ in range(2)]

    assert made == [2, 0]
    assert await partitions(owner) == before


async def test_several_at_once_make_each_partition_once(service: Database, owner: asyncpg.Connection) -> None:
    before = await partitions(owner)
    await drop_partitions(owner, [partition_of(table, month) for table in TABLES for month in FARTHEST])

    made = await asyncio.gather(*(create_ahead(service, datetime.now(UTC)) for _ in range(4)))

    assert sum(made) == 6
    assert await partitions(owner) == before


@pytest.mark.parametrize("statement", BY_HAND.values(), ids=BY_HAND.keys())
async def test_the_services_roles_cannot_do_it_by_hand(service: Database, statement: str) -> None:
    sql = statement.format(partition=partition_of("events", THIS_MONTH))

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with service.begin_for_all() as tx:
            await tx.connection.execute(sql)


async def test_the_apps_role_cannot_have_anything_dropped(database: Database) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with database.begin_for_all() as tx:
            await drop_expired(tx, "events", months_ago(5))


@pytest.mark.parametrize("before", [months_ago(0), NEXT_MONTH, datetime(2400, 1, 1, tzinfo=UTC)])
async def test_this_month_and_the_one_before_stay_whoever_asks(settings: Settings, before: datetime) -> None:
    async with worker_connections(settings) as worker:
        with pytest.raises(asyncpg.InvalidParameterValueError, match="are kept"):
            async with worker.begin_for_all() as tx:
                await drop_expired(tx, "events", before)


async def test_only_months_that_are_over_by_then_are_dropped(settings: Settings, owner: asyncpg.Connection) -> None:
    async with worker_connections(settings) as worker, old_months(owner, 6, 5, 4):
        async with worker.begin_for_all() as tx:
            dropped = await drop_expired(tx, "events", month_start(datetime.now(UTC), 4))
        left = await partitions(owner)

    assert dropped == [partition_of("events", months_ago(month)) for month in (6, 5)]
    assert not left & set(dropped)
    assert {partition_of("events", months_ago(4)), partition_of("webhook_attempts", months_ago(6))} <= left


async def test_what_is_not_ours_is_left_alone(settings: Settings, owner: asyncpg.Connection) -> None:
    await owner.execute("CREATE TABLE accounts_2001_01 ()")
    async with worker_connections(settings) as worker, worker.begin_for_all() as tx:
        dropped = [await drop_expired(tx, name, months_ago(5)) for name in ("accounts", "nothing", 'x"; DROP')]
    await owner.execute("DROP TABLE accounts_2001_01")

    assert dropped == [[], [], []]


async def test_every_partition_has_the_walls_triggers_and_indexes_of_its_table(owner: asyncpg.Connection) -> None:
    shape = """
        SELECT relname, relrowsecurity AND relforcerowsecurity AS has_walls, relacl,
            coalesce(inhparent::regclass::text, relname) AS parent,
            ARRAY(SELECT tgname::text FROM pg_trigger
                WHERE tgrelid = c.oid AND NOT tgisinternal ORDER BY 1) AS triggers,
            ARRAY(SELECT indisunique || substring(pg_get_indexdef(indexrelid) FROM ' USING .*')
                FROM pg_index WHERE indrelid = c.oid ORDER BY 1) AS indexes,
            ARRAY(SELECT pg_get_constraintdef(oid) FROM pg_constraint
                WHERE conrelid = c.oid AND contype <> 'n' ORDER BY 1) AS constraints
        FROM pg_class c LEFT JOIN pg_inherits ON inhrelid = c.oid
        WHERE relkind IN ('r', 'p') AND (relkind = 'p' OR relispartition)
    """

    rows = await owner.fetch(shape)

    parents = {row["relname"]: row for row in rows if row["relname"] in {*TABLES, "audit_log", "audit_links"}}
    assert len(rows) >= 2 + 2 * (MONTHS_AHEAD + 1)
    assert "refuse_truncate" in parents["events"]["triggers"]
    for row in rows:
        parent = parents[row["parent"]]
        for aspect in ("has_walls", "triggers", "indexes", "constraints"):
            assert row[aspect] == parent[aspect], (row["relname"], aspect)
        assert (row["relacl"] is None) is (row is not parent), row["relname"]


async def test_the_api_makes_what_is_missing_when_it_starts(settings: Settings, owner: asyncpg.Connection) -> None:
    before = await partitions(owner)
    await drop_partitions(owner, [partition_of("events", FARTHEST[0])])
    app = create_app(settings)

    async with app.router.lifespan_context(app):
        after = await partitions(owner)

    assert after == before


async def test_the_api_starts_although_it_cannot_make_them(settings: Settings, owner: asyncpg.Connection) -> None:
    function = "FUNCTION create_partitions_ahead(integer, timestamptz)"
    await owner.execute(f"REVOKE EXECUTE ON {function} FROM {APP_ROLE}")
    app = create_app(settings)

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test") as client,
    ):
        answer = await client.get("/readyz")
    await owner.execute(f"GRANT EXECUTE ON {function} TO {APP_ROLE}")

    assert answer.status_code == 200


async def test_not_ready_when_less_than_a_month_is_left(
    http: httpx.AsyncClient, database: Database, owner: asyncpg.Connection
) -> None:
    before = await http.get("/readyz")
    await drop_partitions(owner, [partition_of("webhook_attempts", NEXT_MONTH)])

    short = await http.get("/readyz")
    await create_ahead(database, datetime.now(UTC))
    after = await http.get("/readyz")

    assert [each.status_code for each in (before, short, after)] == [200, 503, 200]
    assert short.json()["checks"] == {"database": True, "migrations": True, "partitions": False}


async def test_what_no_partition_takes_is_answered_as_unavailable(
    department: Department, owner: asyncpg.Connection
) -> None:
    name = partition_of("events", THIS_MONTH)
    bounds = await owner.fetchval(f"SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = '{name}'")  # noqa: S608 # a literal
    await owner.execute(f"ALTER TABLE events DETACH PARTITION {name}")

    answer = await department.operations.request("POST", "/accounts", json={"name": "Acme"})
    await owner.execute(f"ALTER TABLE events ATTACH PARTITION {name} {bounds}")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
