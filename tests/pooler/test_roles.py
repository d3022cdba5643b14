"""Behind a pooler a connection is anybody's: each transaction takes its role by itself, or there is none."""

import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
import sqlalchemy as sa

from app.connections import connect_app
from app.core.caller import Caller
from app.core.database import Database, Row, Statement, Transaction
from app.core.roles import APP_ROLE, WORKER_ROLE
from app.core.session import RoleNotTaken
from app.core.settings import Settings
from tests.builders.pooler import pooling
from tests.builders.server_process import database_variables
from tests.builders.terminal import run
from tests.conftest import SECRET_KEYS
from tests.department import Department

_TOLD = ("role", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "TimeZone")
ACTING = Statement(
    sa.select(
        sa.literal_column("current_user::text").label("acting"),
        *(sa.func.current_setting(name).label(name) for name in _TOLD),
    )
)


@pytest.fixture
def system(department: Department) -> Caller:
    return department.system


async def _in_each_way(database: Database, caller: Caller) -> AsyncIterator[Row]:
    """What a statement acts as, in every way there is to send one."""
    for opened in (
        database.begin(caller),
        database.look(caller),
        database.begin_for_credential("nobody"),
        database.begin_for_all(),
    ):
        async with opened as tx:
            yield await tx.fetch_row(ACTING)
    yield (await database.fetch_all_at_once(ACTING))[0]


async def test_every_statement_acts_in_its_role_and_within_its_timeouts_whoever_had_the_connection_before(
    pooled_database: Database, pooled_worker: Database, pooled: Settings, system: Caller
) -> None:
    expected = (pooled.statement_timeout_ms, pooled.lock_timeout_ms, pooled.idle_in_transaction_timeout_ms)
    for database, role in ((pooled_database, APP_ROLE), (pooled_worker, WORKER_ROLE)) * 4:
        async for row in _in_each_way(database, system):
            assert (row["acting"], row["role"]) == (role, role)
            assert tuple(_milliseconds(row[name]) for name in _TOLD[1:4]) == expected
            assert row["TimeZone"] == "UTC"


async def test_nothing_that_a_transaction_set_is_left_on_its_connection(
    pooled_database: Database, pooled: Settings, system: Caller
) -> None:
    async with pooled_database.begin(system):
        pass

    next_one = await asyncpg.connect(pooled.database_url, statement_cache_size=0)
    left = await next_one.fetchrow("SELECT current_user, current_setting('app.organization_id', true) AS organization")
    await next_one.close()

    assert left["current_user"] not in {APP_ROLE, WORKER_ROLE}
    assert left["organization"] in {None, ""}


async def test_a_transaction_that_cannot_take_its_role_is_none(pooled_database: Database, system: Caller) -> None:
    pooled_database.session = type(pooled_database.session)("nobody_there", {}, is_lent=True)

    with pytest.raises(asyncpg.InvalidParameterValueError):
        async with pooled_database.begin(system):
            pytest.fail("the transaction has begun")


async def test_nothing_is_written_by_looking(pooled_database: Database, system: Caller) -> None:
    delete = Statement(sa.text("DELETE FROM users WHERE organization_id = :organization_id RETURNING id"))

    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with pooled_database.look(system) as tx:
            await _all(tx, delete, system)


async def _all(tx: Transaction, statement: Statement, caller: Caller) -> None:
    await tx.fetch_all(statement, organization_id=caller.organization_id)


@pytest.fixture(params=[(), ("role", *_TOLD[1:4])], ids=["refuses", "drops"])
def unsaid(request: pytest.FixtureRequest, server_url: str, settings: Settings) -> Iterator[Settings]:
    """The settings of a service that was not told of a pooler, which refuses or drops what it cannot keep."""
    with pooling(server_url, ignored=request.param) as pooler:
        url = pooler.url(settings.session_url)
        yield settings.model_copy(update={"database_url": url, "direct_database_url": None})


async def test_a_pooler_that_nobody_told_of_is_refused_at_the_start(unsaid: Settings) -> None:
    with pytest.raises(RoleNotTaken):
        await connect_app(unsaid)


@pytest.mark.parametrize("unsaid", [()], indirect=True, ids=["refuses"])
def test_a_process_tells_the_operator_so_and_ends(unsaid: Settings) -> None:
    variables = database_variables(unsaid) | {"STAGELINE_SECRET_KEYS": SECRET_KEYS}

    refused = run({**os.environ, **variables}, "worker")

    assert refused.returncode == 2
    assert "Say where Postgres itself is, in STAGELINE_DIRECT_DATABASE_URL" in refused.stderr
    assert "Traceback" not in refused.stderr


def _milliseconds(setting: str) -> int:
    return int(setting.removesuffix("s")) * 1_000 if not setting.endswith("ms") else int(setting.removesuffix("ms"))
