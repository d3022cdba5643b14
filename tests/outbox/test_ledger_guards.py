"""What the database itself refuses, whoever writes the SQL: each statement runs as the app's role."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core.roles import APP_ROLE
from tests.builders.forbidden_sql import FORBIDDEN, REFUSALS, run_forbidden
from tests.department import Department


@pytest.fixture
async def app_role(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url, server_settings={"role": APP_ROLE})
    yield connection
    await connection.close()


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN.keys())
async def test_refuses(department: Department, app_role: asyncpg.Connection, statement: str) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    with pytest.raises(REFUSALS):
        await run_forbidden(app_role, statement, str(department.organization_id), deal["id"])

    assert await rep.get(f"/opportunities/{deal['id']}") == deal


async def test_rows_of_another_organization_are_invisible_without_any_where_clause(
    department: Department, other_department: Department, app_role: asyncpg.Connection
) -> None:
    await department.operations.post("/accounts", {"name": "Ours"})
    await other_department.operations.post("/accounts", {"name": "Theirs"})

    async with app_role.transaction():
        await app_role.execute("SELECT set_config('app.organization_id', $1, true)", str(department.organization_id))
        names = [row["name"] for row in await app_role.fetch("SELECT name FROM accounts")]

    assert names == ["Ours"]


async def test_without_an_organization_nothing_is_visible(department: Department, app_role: asyncpg.Connection) -> None:
    await department.operations.post("/accounts", {"name": "Ours"})

    counts = [await app_role.fetchval(f"SELECT count(*) FROM {table}") for table in ("accounts", "events", "users")]  # noqa: S608 # literals

    assert counts == [0, 0, 0]


async def test_every_table_of_an_organization_forces_row_level_security(owner: asyncpg.Connection) -> None:
    open_tables = await owner.fetch(
        "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND relname <> 'alembic_version' "
        "AND NOT (relrowsecurity AND relforcerowsecurity)"
    )

    assert [row["relname"] for row in open_tables] == []


async def test_the_service_owns_nothing_and_is_no_superuser(owner: asyncpg.Connection) -> None:
    roles = await owner.fetch(
        "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin, "
        "(SELECT count(*) FROM pg_class WHERE relowner = pg_roles.oid) AS owned FROM pg_roles "
        "WHERE rolname IN ('stageline_app', 'stageline_worker')"
    )

    assert {tuple(row.values())[1:] for row in roles} == {(False, False, False, 0)}
    assert len(roles) == 2
