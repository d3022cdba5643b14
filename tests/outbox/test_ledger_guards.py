"""What the database itself refuses, whoever writes the SQL: each statement runs as the app's role."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest

from app.core.database import new_id
from app.core.roles import APP_ROLE
from app.outbox.catalogue import EventType
from app.outbox.event import Subject, render
from tests.builders.event_schemas import an_event
from tests.builders.forbidden_sql import FORBIDDEN, NEW_EVENT, REFUSALS, run_forbidden
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


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("id", "first_id_of(now() + interval '2 months')"),  # another month: no index knows both partitions
        ("id", "first_id_of(now())"),
        ("xid", "'1'"),
        ("subject_type", "'lead'"),
    ],
)
async def test_a_number_is_of_one_event_and_of_its_transaction(
    department: Department, app_role: asyncpg.Connection, owner: asyncpg.Connection, column: str, value: str
) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})
    event_id = new_id()
    forged = await owner.fetchval(f"SELECT ({value})::text")  # a literal
    fields = {
        "organization_id": str(department.organization_id),
        "id": str(event_id),
        "type": "account.updated",
        "subject_type": "account",
        "subject_id": account["id"],
        "sequence": "2",
    }
    subject = Subject("account", UUID(account["id"]), 2)
    fields["body"] = render(
        an_event(EventType.ACCOUNT_UPDATED), event_id, datetime.now(UTC), subject, department.system
    ).decode()
    async with app_role.transaction():
        await app_role.execute("SELECT set_config('app.organization_id', $1, true)", str(department.organization_id))
        await app_role.execute(
            "UPDATE subjects SET last_sequence = 2, last_event_id = $2 WHERE id = $1", UUID(account["id"]), event_id
        )
        await _insert(app_role, fields)

        with pytest.raises(asyncpg.RestrictViolationError):
            async with app_role.transaction():
                await _insert(app_role, fields | {"id": str(new_id())} | {column: forged})

    numbers = await owner.fetch("SELECT sequence FROM events WHERE subject_id = $1 ORDER BY 1", UUID(account["id"]))
    assert [row["sequence"] for row in numbers] == [1, 2]


@pytest.mark.parametrize("xid", ["pg_current_xact_id()", "(SELECT last_xid FROM subjects WHERE id = $3)"])
async def test_a_number_given_by_another_transaction_is_of_no_use(
    department: Department, app_role: asyncpg.Connection, xid: str
) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})
    organization_id, event_id, subject_id = department.organization_id, new_id(), UUID(account["id"])
    event = NEW_EVENT.format(sequence=2).replace("opportunity", "account").replace("stage_changed", "updated")
    event = event.replace("body)", "body, xid)").replace("'{}')", f"'{{}}', {xid})")

    async def run(statement: str, *values: object) -> None:
        async with app_role.transaction():
            await app_role.execute("SELECT set_config('app.organization_id', $1, true)", str(organization_id))
            await app_role.execute(statement, *values)

    await run("UPDATE subjects SET last_sequence = 2, last_event_id = $2 WHERE id = $1", subject_id, event_id)
    with pytest.raises(asyncpg.RestrictViolationError, match="has just been advanced"):
        await run(event, organization_id, event_id, subject_id)


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


async def _insert(app_role: asyncpg.Connection, fields: dict[str, str]) -> None:
    values = ", ".join(f"'{value}'" for value in fields.values())
    await app_role.execute(f"INSERT INTO events ({', '.join(fields)}, occurred_at) VALUES ({values}, now())")  # noqa: S608 # literals
