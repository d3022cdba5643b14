"""Batches that meet each other, and single requests: nothing doubled, nothing lost, nobody refused for a race."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from app.core.database import Database
from app.outbox.record import pass_gates
from tests.builders.records import PATHS, count_of_subjects, event_types, post_batch, put, statuses
from tests.builders.workers import until
from tests.department import Department

WAITING = "SELECT backend_xid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
SEQUENCES = """
SELECT subject_id, array_agg(sequence ORDER BY xid, id) AS numbers FROM events
WHERE organization_id = $1 AND subject_type <> 'pipeline' GROUP BY subject_id
"""
UPSERT = {"operation": "upsert"}
MODES = ["all_or_nothing", "per_item"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("path", ["leads", "accounts"])
async def test_the_same_upserts_in_any_order_create_each_record_once(
    department: Department, owner: asyncpg.Connection, path: str, mode: str
) -> None:
    items = [{"name": f"{number}", "external_id": f"crm-{number}"} for number in range(20)]
    if path == "leads":
        items = [item | {"email": f"{item['name']}@fields.example"} for item in items]

    answers = await asyncio.gather(
        *(
            post_batch(department.operations, path, items[::-1] if number % 2 else items, mode=mode, **UPSERT)
            for number in range(10)
        )
    )

    assert sorted(status for answer in answers for status in statuses(answer)) == [200] * 180 + [201] * 20
    assert await event_types(owner, department, path) == ["created"] * 20
    assert await count_of_subjects(owner, department, path) == 20


async def test_leads_with_the_same_emails_posted_in_any_order_come_in_once(department: Department) -> None:
    items = [{"name": "Ann", "email": f"ann.{number}@fields.example"} for number in range(20)]

    answers = await asyncio.gather(
        *(
            post_batch(department.operations, "leads", items[::-1] if number % 2 else items, mode="per_item")
            for number in range(10)
        )
    )

    assert sorted(status for answer in answers for status in statuses(answer)) == [201] * 20 + [409] * 180


@pytest.mark.parametrize("mode", MODES)
async def test_batches_and_single_changes_of_the_same_records_keep_the_log_in_order(
    department: Department, owner: asyncpg.Connection, mode: str
) -> None:
    operations = department.operations
    items = [{"name": "A", "external_id": f"crm-{number}"} for number in range(8)]
    await post_batch(operations, "accounts", items)

    answers = await asyncio.gather(
        *(
            post_batch(
                operations,
                "accounts",
                [item | {"name": f"B {turn}"} for item in items[:: (-1) ** turn]],
                mode=mode,
                **UPSERT,
            )
            for turn in range(6)
        ),
        *(put(operations, "accounts", f"crm-{turn % 8}", {"name": f"P {turn}"}) for turn in range(24)),
    )

    assert {answer.status_code for answer in answers} == {200}
    for row in await owner.fetch(SEQUENCES, department.organization_id):
        assert list(row["numbers"]) == list(range(1, len(row["numbers"]) + 1))
    assert (await event_types(owner, department, "accounts")).count("updated") == 6 * 8 + 24


@pytest.mark.parametrize("path", PATHS)
async def test_takes_no_transaction_id_before_it_has_all_its_records(
    department: Department, database: Database, owner: asyncpg.Connection, path: str
) -> None:
    operations = department.operations
    there = await operations.post(f"/{path}", {"name": "A", "external_id": "there"})
    items = [{"name": "B", "external_id": "new"}, {"name": "B", "external_id": "there"}]
    async with database.begin(department.system) as tx:
        await pass_gates(tx, UUID(there["id"]))
        writing = asyncio.create_task(post_batch(operations, path, items, **UPSERT))
        (waiting,) = await until(lambda: owner.fetch(WAITING), lambda rows: len(rows) == 1)

    assert waiting["backend_xid"] is None
    assert statuses(await writing) == [201, 200]


async def test_takes_no_transaction_id_before_its_accounts_may_move(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    operations = department.operations
    there = await operations.post("/accounts", {"name": "A", "external_id": "there"})
    above = await operations.post("/accounts", {"name": "Above"})
    items = [{"name": "B", "external_id": "new"}, {"name": "B", "external_id": "there", "parent_id": above["id"]}]
    async with database.begin(department.system) as tx:
        await pass_gates(tx, department.organization_id)
        writing = asyncio.create_task(post_batch(operations, "accounts", items, **UPSERT))
        (waiting,) = await until(lambda: owner.fetch(WAITING), lambda rows: len(rows) == 1)

    assert waiting["backend_xid"] is None
    assert [item["record"]["id"] for item in (await writing).json()["items"]][1] == there["id"]


async def test_accounts_move_under_parents_while_others_do(department: Department) -> None:
    operations = department.operations
    items = [{"name": "A", "external_id": f"crm-{number}"} for number in range(6)]
    made = (await post_batch(operations, "accounts", items)).json()["items"]
    ids = [item["record"]["id"] for item in made]
    moved = [item | {"parent_id": ids[0]} for item in items[1:]]

    answers = await asyncio.gather(
        *(post_batch(operations, "accounts", moved[:: (-1) ** turn], **UPSERT) for turn in range(4)),
        *(operations.request("PATCH", f"/accounts/{each}", json={"parent_id": ids[0]}) for each in ids[1:] * 3),
    )

    assert {answer.status_code for answer in answers} == {200}


@pytest.mark.parametrize("mode", MODES)
async def test_finds_the_record_that_somebody_else_is_just_posting(
    department: Department, owner: asyncpg.Connection, mode: str
) -> None:
    rep = await department.representative()
    ours = [{"name": "Ann", "external_id": f"crm-{number}"} for number in (6, 7, 8)]
    async with owner.transaction():
        await owner.execute("LOCK TABLE contacts IN SHARE MODE")
        posting = asyncio.create_task(rep.post("/contacts", {"name": "Bob", "external_id": "crm-7"}))
        await until(lambda: owner.fetch(WAITING), lambda rows: len(rows) == 1)
        writing = asyncio.create_task(post_batch(rep, "contacts", ours, mode=mode, **UPSERT))
        await until(lambda: owner.fetch(WAITING), lambda rows: len(rows) == 2)

    posted, answer = await posting, await writing

    assert statuses(answer) == [201, 200, 201]
    assert answer.json()["items"][1]["record"]["id"] == posted["id"]
    assert await count_of_subjects(owner, department, "contacts") == 3


async def test_of_twenty_with_one_key_one_is_written(department: Department, owner: asyncpg.Connection) -> None:
    items = [{"name": f"{number}"} for number in range(10)]

    answers = await asyncio.gather(
        *(post_batch(department.operations, "accounts", items, key="one", mode="per_item") for _ in range(20))
    )

    assert {answer.status_code for answer in answers} <= {200, 409}
    assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
    assert await count_of_subjects(owner, department, "accounts") == 10
