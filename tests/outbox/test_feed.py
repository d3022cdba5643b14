import asyncio
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.core.database import Database, connect
from app.core.roles import APP_ROLE
from app.core.settings import Settings
from app.outbox.record import pass_gates
from tests.builders.feed import Reader, events_of, write_events
from tests.builders.feed_writers import Load
from tests.builders.workers import until
from tests.department import Department, answer

AT_A_GATE = """
SELECT backend_xid::text AS xid FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'advisory'
"""


async def test_pages_follow_each_other_and_the_last_cursor_goes_on(department: Department) -> None:
    reader = Reader(department.operations, limit=2)
    accounts = [await department.operations.post("/accounts", {"name": f"Account {n}"}) for n in range(5)]
    first = await reader.read(5)
    later = await department.operations.post("/accounts", {"name": "Later"})
    second = await reader.read(1)

    assert [event["subject"]["id"] for event in first] == [account["id"] for account in accounts]
    assert [event["subject"]["id"] for event in second] == [later["id"]]


async def test_filters_by_type_noun_and_subject(department: Department) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})
    await department.operations.patch(f"/accounts/{account['id']}", {"country": "Kenya"})
    await department.operations.post("/contacts", {"name": "Ada"})
    deal = await department.operations.post("/opportunities", {"name": "GTX"})

    created = await events_of(department.operations, 2, type=["account.created", "opportunity.*"])
    of_account = await events_of(department.operations, 2, subject_id=account["id"])
    everything = await department.operations.get("/events", type="*", limit=1)

    assert [event["type"] for event in created] == ["account.created", "opportunity.created"]
    assert created[1]["subject"]["id"] == deal["id"]
    assert [event["type"] for event in of_account] == ["account.created", "account.updated"]
    assert everything["has_more"] is True


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"cursor": "bm90IG91cnM="}, "/query/cursor"),
        ({"cursor": "ø"}, "/query/cursor"),
        ({"cursor": "_" * 36}, "/query/cursor"),
        ({"limit": "1001"}, "/query/limit"),
        ({"limit": "0"}, "/query/limit"),
        ({"type": "opportunity.exploded"}, "/query/type/0"),
        ({"subject_id": "x"}, "/query/subject_id"),
        ({"colour": "red"}, "/query"),
    ],
)
async def test_refuses_bad_parameters(department: Department, parameters: dict[str, str], pointer: str) -> None:
    problem = await department.operations.get("/events", expect=422, **parameters)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_another_organizations_events_do_not_exist(department: Department, other_department: Department) -> None:
    theirs = await other_department.operations.post("/accounts", {"name": "Theirs"})
    (event,) = await events_of(other_department.operations, 1, subject_id=theirs["id"])

    own = await department.operations.get("/events")

    assert own["items"] == []
    await department.operations.get(f"/events/{event['id']}", expect=404)
    await department.operations.get(f"/events/{uuid4()}", expect=404)


async def test_only_operations_may_read_the_log_but_everybody_its_types(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()

    await rep.get("/events", expect=403)
    await manager.get("/events", expect=403)
    types = await rep.get("/event-types")

    assert {"type": "opportunity.won", "description": "A deal was won, by the stage change before it."} in types[
        "items"
    ]


async def test_never_skips_under_writers_that_hold_roll_back_and_contend(
    department: Department, settings: Settings
) -> None:
    reader = Reader(department.operations, limit=100)
    writers: Database = await connect(settings, role=APP_ROLE, size=10, acquire_timeout_seconds=20)

    written, read = await write_events(writers, department.system, reader, Load(writers=8, events=2_000, subjects=4))
    await writers.close()

    assert len(written) == 2_000
    assert [event["id"] for event in read] == list(dict.fromkeys(event["id"] for event in read))
    assert {event["id"] for event in read} == written
    for subject_id in {event["subject"]["id"] for event in read}:
        sequences = [event["subject"]["sequence"] for event in read if event["subject"]["id"] == subject_id]
        assert sequences == list(range(1, len(sequences) + 1))


async def test_keeps_its_order_under_requests_with_and_without_keys_that_contend_for_one_deal(
    department: Department,
) -> None:
    reader, rep = Reader(department.operations, limit=100), await department.representative()
    deal_id = (await rep.post("/opportunities", {"name": "GTX"}))["id"]
    note = {"kind": "note", "summary": "Called", "opportunity_id": deal_id}

    async def write(writer: int) -> None:
        for number in range(30):
            headers = {"Idempotency-Key": f"note-{writer}-{number}"} if number % 2 else {}
            answer(await rep.request("POST", "/activities", json=note, headers=headers), 201)

    writing = [asyncio.create_task(write(writer)) for writer in range(8)]
    read = []
    while not all(task.done() for task in writing):
        read += await reader.read_to_the_end()
    await asyncio.gather(*writing)
    read += await reader.read(1 + 8 * 30 - len(read))

    assert [event["subject"]["sequence"] for event in read] == list(range(1, 1 + 8 * 30 + 1))


async def test_a_keyed_request_takes_no_transaction_id_before_it_has_its_deal(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal_id = (await rep.post("/opportunities", {"name": "GTX"}))["id"]
    note = {"kind": "note", "summary": "Called", "opportunity_id": deal_id}

    async with database.begin(department.system) as tx:
        await pass_gates(tx, UUID(deal_id))
        asking = asyncio.create_task(rep.post_keyed("/activities", note, "one"))
        waiting = await until(lambda: owner.fetch(AT_A_GATE), lambda rows: len(rows) > 0)

    assert [row["xid"] for row in waiting] == [None]
    assert (await asking).status_code == 201
