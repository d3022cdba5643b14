"""The two roles that the service acts in: what they are, what they own (nothing), and each privilege that they have."""

import asyncpg
import pytest

from app.core.roles import APP_ROLE, WORKER_ROLE
from tests.builders.privileges import GRANTED, ROLES, expected

BOTH = pytest.mark.parametrize("role", [APP_ROLE, WORKER_ROLE])

OWNED = """
SELECT relname FROM pg_class WHERE relowner = $1::regrole
UNION ALL SELECT proname FROM pg_proc WHERE proowner = $1::regrole
UNION ALL SELECT nspname FROM pg_namespace WHERE nspowner = $1::regrole
UNION ALL SELECT datname FROM pg_database WHERE datdba = $1::regrole
UNION ALL SELECT typname FROM pg_type WHERE typowner = $1::regrole
"""
DEFINERS = """
SELECT proname, proconfig, ARRAY(
    SELECT grantee::regrole::text FROM aclexplode(coalesce(proacl, acldefault('f', proowner)))
    WHERE grantee <> proowner ORDER BY 1
) AS callers
FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef
"""


@BOTH
async def test_a_role_has_no_power_over_the_server(owner: asyncpg.Connection, role: str) -> None:
    powers = await owner.fetchrow(
        "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolcanlogin "
        "FROM pg_roles WHERE rolname = $1",
        role,
    )

    assert powers is not None
    assert not any(powers.values()), dict(powers)


@BOTH
async def test_a_role_owns_nothing_and_is_in_no_other(owner: asyncpg.Connection, role: str) -> None:
    owned = await owner.fetch(OWNED, role)
    member_of = await owner.fetch("SELECT roleid::regrole FROM pg_auth_members WHERE member = $1::regrole", role)

    assert owned == []
    assert member_of == []


@BOTH
async def test_a_role_makes_nothing_that_lasts(owner: asyncpg.Connection, role: str) -> None:
    may = await owner.fetchrow(
        "SELECT has_schema_privilege($1, 'public', 'CREATE'), has_database_privilege($1, current_database(), 'CREATE')",
        role,
    )

    assert may is not None
    assert not any(may.values())


async def test_each_privilege_is_listed_with_its_reason_and_there_is_no_other(owner: asyncpg.Connection) -> None:
    granted = {tuple(row) for row in await owner.fetch(GRANTED)}

    assert all(reason for tables in ROLES.values() for _, reason in tables.values())
    assert granted == expected()


async def test_a_partition_is_reached_through_its_table_only(owner: asyncpg.Connection) -> None:
    partitions = [row["relname"] for row in await owner.fetch("SELECT relname FROM pg_class WHERE relispartition")]

    assert len(partitions) > 10
    assert {table for _, table, _, _ in expected()}.isdisjoint(partitions)


async def test_a_partition_refuses_whoever_names_it(owner: asyncpg.Connection) -> None:
    partition = await owner.fetchval(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'events'::regclass"
    )

    async with owner.transaction():
        await owner.execute(f"SET LOCAL ROLE {APP_ROLE}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.fetch(f"SELECT FROM {partition}")


async def test_functions_of_the_owner_look_names_up_in_fixed_places_and_are_called_by_named_roles(
    owner: asyncpg.Connection,
) -> None:
    definers = {row["proname"]: row for row in await owner.fetch(DEFINERS)}

    assert {name: row["callers"] for name, row in definers.items()} == {
        "create_partitions_ahead": [APP_ROLE, WORKER_ROLE],
        "drop_expired_partitions": [WORKER_ROLE],
        "erase_person": [APP_ROLE],
        "write_audit_log": [],  # a trigger
    }
    for name, row in definers.items():
        assert "search_path=pg_catalog, public, pg_temp" in row["proconfig"], name


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE webhook_endpoints SET url = 'https://elsewhere.example'",
        "UPDATE webhook_endpoints SET event_types = '{*}'",
        "UPDATE webhook_deliveries SET event_id = id",
        "SELECT body FROM idempotency_keys",
        "SELECT currency FROM organizations",
        "SELECT FROM users",
        "SELECT FROM api_keys",
        "SELECT FROM opportunities",
        "SELECT FROM webhook_attempts",
    ],
)
async def test_the_worker_neither_redirects_endpoints_nor_reads_what_is_not_its_business(
    owner: asyncpg.Connection, statement: str
) -> None:
    async with owner.transaction():
        await owner.execute(f"SET LOCAL ROLE {WORKER_ROLE}")

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM opportunities", "DELETE FROM users", "UPDATE events SET body = body", "TRUNCATE stage_transitions"],
)
async def test_the_app_deletes_no_record_and_rewrites_no_ledger(owner: asyncpg.Connection, statement: str) -> None:
    async with owner.transaction():
        await owner.execute(f"SET LOCAL ROLE {APP_ROLE}")

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute(statement)
