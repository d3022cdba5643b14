"""Whatever is done to linked entries is found and named."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.audit.retention import forget_entries
from app.audit.verification import PAGE, Damage, Head
from app.core.database import Database
from app.core.partitions import month_start
from app.core.roles import APP_ROLE, WORKER_ROLE
from app.core.settings import Settings
from tests.builders.audit import fill_audit_log, found_in, link_all, links_of, tampering, verified
from tests.builders.months import months_ago, old_months, partition_of, worker_connections
from tests.builders.workers import until, working
from tests.department import Department

COPY = """
INSERT INTO audit_log
SELECT organization_id, (left(id::text, 24) || substr(gen_random_uuid()::text, 25))::uuid, occurred_at, action,
    record_type, record_id, actor_id, source, request_id, client_address, credential_id, before, after, xid
FROM audit_log WHERE id = $1
RETURNING id
"""

Tamper = Callable[[asyncpg.Connection, UUID], Coroutine[Any, Any, object]]


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[Database]:
    async with worker_connections(settings) as database:
        yield database


@pytest.fixture
async def chained(department: Department, worker: Database, owner: asyncpg.Connection) -> list[asyncpg.Record]:
    """The links of a department that has written more than a page of entries."""
    await fill_audit_log(owner, department, PAGE, datetime.now(UTC))
    await link_all(worker)
    return await links_of(owner, department)


def sql(statement: str) -> Tamper:
    return lambda owner, audit_id: owner.execute(statement, audit_id)


EDITS = {
    "a value": sql('UPDATE audit_log SET after = \'{"name": "Forged"}\' WHERE id = $1'),
    "a value before": sql("UPDATE audit_log SET before = '{}' WHERE id = $1"),
    "the actor": sql("UPDATE audit_log SET actor_id = gen_random_uuid() WHERE id = $1"),
    "the address": sql("UPDATE audit_log SET client_address = '203.0.113.9' WHERE id = $1"),
    "the moment": sql("UPDATE audit_log SET occurred_at = occurred_at + interval '1 microsecond' WHERE id = $1"),
    "the place": sql("UPDATE audit_log SET xid = '1' WHERE id = $1"),
    "the salt": sql("UPDATE audit_links SET salt = NULL WHERE audit_id = $1"),
    "the values and the salt": sql(
        "WITH salt AS (UPDATE audit_links SET salt = NULL WHERE audit_id = $1) "
        "UPDATE audit_log SET after = NULL WHERE id = $1"
    ),
}


async def test_what_nobody_touched_verifies(
    department: Department, worker: Database, chained: list[asyncpg.Record]
) -> None:
    verification = await verified(worker, department)

    assert verification.findings == []
    assert verification.head == Head(len(chained), chained[-1]["digest"])
    assert [row["position"] for row in chained] == list(range(1, len(chained) + 1))


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_one_edited_entry_of_many_is_named(
    department: Department, worker: Database, owner: asyncpg.Connection, chained: list[asyncpg.Record], edit: Tamper
) -> None:
    victim = chained[PAGE // 2]

    async with tampering(owner):
        await edit(owner, victim["audit_id"])

    assert await found_in(worker, department) == [(Damage.EDITED, victim["audit_id"], victim["position"])]


async def test_one_deleted_entry_of_many_is_named(
    department: Department, worker: Database, owner: asyncpg.Connection, chained: list[asyncpg.Record]
) -> None:
    victim = chained[7]

    async with tampering(owner):
        await owner.execute("DELETE FROM audit_log WHERE id = $1", victim["audit_id"])

    assert await found_in(worker, department) == [(Damage.DELETED, victim["audit_id"], victim["position"])]


async def test_an_entry_that_is_deleted_with_its_link_leaves_a_gap(
    department: Department, worker: Database, owner: asyncpg.Connection, chained: list[asyncpg.Record]
) -> None:
    victim = chained[7]

    async with tampering(owner):
        await owner.execute("DELETE FROM audit_log WHERE id = $1", victim["audit_id"])
        await owner.execute("DELETE FROM audit_links WHERE audit_id = $1", victim["audit_id"])

    assert await found_in(worker, department) == [(Damage.DELETED, None, victim["position"])]


async def test_an_entry_that_is_inserted_behind_the_head_is_named(
    department: Department, worker: Database, owner: asyncpg.Connection, chained: list[asyncpg.Record]
) -> None:
    async with tampering(owner):
        inserted = await owner.fetchval(COPY, chained[7]["audit_id"])

    assert await found_in(worker, department) == [(Damage.INSERTED, inserted, None)]


async def test_entries_that_changed_places_are_named(
    department: Department, worker: Database, owner: asyncpg.Connection, chained: list[asyncpg.Record]
) -> None:
    first, second = chained[7], chained[9]

    async with tampering(owner):
        for row, other in ((first, second), (second, first)):
            await owner.execute(
                "UPDATE audit_links SET position = $2 WHERE audit_id = $1", row["audit_id"], other["position"]
            )

    found = await found_in(worker, department)
    assert {damage for damage, _, _ in found} == {Damage.REORDERED}
    assert {(second["audit_id"], 8), (first["audit_id"], 10)} <= {(audit_id, place) for _, audit_id, place in found}


async def test_entries_cut_off_at_the_end_are_found_by_a_head_that_was_kept_elsewhere(
    department: Department, worker: Database, owner: asyncpg.Connection, chained: list[asyncpg.Record]
) -> None:
    kept = (await verified(worker, department)).head
    async with tampering(owner):
        for table, column in (("audit_log", "id"), ("audit_links", "audit_id")):
            await owner.execute(f"DELETE FROM {table} WHERE {column} = $1", chained[-1]["audit_id"])  # noqa: S608 # literals

    alone, compared = await verified(worker, department), await verified(worker, department, kept)

    assert alone.findings == []
    assert [(each.damage, each.position) for each in compared.findings] == [(Damage.NOT_AS_EXPECTED, kept.position)]


async def test_a_head_that_was_kept_is_met_when_the_log_has_grown(
    department: Department, worker: Database, chained: list[asyncpg.Record]
) -> None:
    kept = Head.parse(str((await verified(worker, department)).head))
    await department.add_team("east")
    await link_all(worker)

    verification = await verified(worker, department, kept)

    assert verification.findings == []
    assert verification.head.position > kept.position == len(chained)


async def test_nothing_is_linked_that_another_transaction_could_commit_behind(
    department: Department, worker: Database, owner: asyncpg.Connection, database_url: str
) -> None:
    await link_all(worker)
    before = len(await links_of(owner, department))
    slow = await asyncpg.connect(database_url)
    transaction = slow.transaction()
    await transaction.start()
    await slow.execute("UPDATE teams SET name = 'slow' WHERE id = $1", department.teams["north"])
    await department.add_team("quick")

    await link_all(worker)
    while_open = len(await links_of(owner, department))
    await transaction.commit()
    await until(lambda: _linked(worker, owner, department), lambda rows: len(rows) == before + 2)

    assert while_open == before
    assert await found_in(worker, department) == []
    await slow.close()


async def _linked(worker: Database, owner: asyncpg.Connection, department: Department) -> list[asyncpg.Record]:
    await link_all(worker)
    return await links_of(owner, department)


async def test_many_workers_that_link_while_many_write_make_one_chain(
    department: Department, worker: Database, owner: asyncpg.Connection, settings: Settings
) -> None:
    async with working(settings, count=2):
        await asyncio.gather(*(department.operations.post("/accounts", {"name": f"A {each}"}) for each in range(20)))
        await asyncio.gather(link_all(worker), link_all(worker), link_all(worker))
        await until(lambda: links_of(owner, department), lambda rows: len(rows) >= 20)

    await link_all(worker)
    written = await owner.fetchval(
        "SELECT count(*) FROM audit_log WHERE organization_id = $1", department.organization_id
    )
    assert len(await links_of(owner, department)) == written
    assert await found_in(worker, department) == []


async def test_what_retention_dropped_is_anchored_and_the_rest_still_verifies(
    department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    async with old_months(owner, 5, 4):
        await fill_audit_log(owner, department, 20, months_ago(5))
        await fill_audit_log(owner, department, 20, months_ago(4))
        # around the turn of a month, entries of both lie among each other
        await fill_audit_log(owner, department, 1, months_ago(5))
        await link_all(worker)

        dropped = await forget_entries(worker, month_start(datetime.now(UTC), 4))
        await department.add_team("later")
        await link_all(worker)

        assert dropped == [partition_of(table, months_ago(5)) for table in ("audit_log", "audit_links")]
        assert await found_in(worker, department) == []
        victim = (await links_of(owner, department))[-3]
        async with tampering(owner):
            await owner.execute("UPDATE audit_log SET after = NULL WHERE id = $1", victim["audit_id"])
        assert await found_in(worker, department) == [(Damage.EDITED, victim["audit_id"], victim["position"])]


async def test_nothing_is_dropped_before_it_is_linked(
    department: Department, worker: Database, owner: asyncpg.Connection
) -> None:
    async with old_months(owner, 5):
        await link_all(worker)
        await fill_audit_log(owner, department, 1, months_ago(5))

        before_linking = await forget_entries(worker, month_start(datetime.now(UTC), 4))
        await link_all(worker)
        afterwards = await forget_entries(worker, month_start(datetime.now(UTC), 4))

    assert (len(before_linking), len(afterwards)) == (0, 2)


@pytest.mark.parametrize("role", [APP_ROLE, WORKER_ROLE])
@pytest.mark.parametrize("table", ["audit_links", "audit_anchors"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET position = 1", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"])
async def test_the_services_roles_change_no_link(database_url: str, role: str, table: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url, server_settings={"role": role})

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute(statement.format(table))

    await connection.close()


@pytest.mark.parametrize("text", ["", "1", "1:", "1:ff", f"0:{'0' * 64}", f"x:{'0' * 64}", f"1:{'z' * 64}"])
def test_what_is_no_head_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Head.parse(text)
