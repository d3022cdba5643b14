"""Executed plans: each deal moves as by a transition of its own, if it is still as it was planned."""

import asyncio
from uuid import UUID

import asyncpg

from app.core.database import Database
from app.outbox.record import pass_gates
from tests.builders.evidence import events_of
from tests.builders.plans import EXECUTION, LOST, QUALIFIED, execute, make_ready, open_deals, plan
from tests.builders.records import pointers, statuses
from tests.builders.workers import until
from tests.department import Department

WAITING = "SELECT backend_xid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
OVERRIDDEN = QUALIFIED | {"override_reason": "agreed by phone"}
LOST_EVENTS = [(1, "opportunity.created"), (2, "opportunity.stage_changed"), (3, "opportunity.lost")]


async def test_moves_each_deal_with_its_transition_and_its_events(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 3)

    answer = await execute(rep, await plan(rep, deals, **LOST), **LOST)

    assert statuses(answer) == [201] * 3
    for deal, item in zip(deals, answer.json()["items"], strict=True):
        assert (item["opportunity_id"], item["problem"]) == (deal["id"], None)
        history = await rep.get(f"/opportunities/{deal['id']}/transitions")
        assert history["items"] == [item["transition"]]
        assert (await rep.get(f"/opportunities/{deal['id']}"))["outcome"] == "lost"
        assert await events_of(owner, deal["id"]) == LOST_EVENTS


async def test_a_deal_that_has_changed_since_stays_and_the_others_move(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 3)
    planned = await plan(rep, deals, **LOST)
    await rep.patch(f"/opportunities/{deals[1]['id']}", {"name": "Renamed"})

    answer = await execute(rep, planned, **LOST)

    stale = answer.json()["items"][1]
    assert statuses(answer) == [201, 412, 201]
    assert (stale["transition"], stale["problem"]["code"]) == (None, "precondition_failed")
    assert stale["problem"]["instance"] == f"/v1{EXECUTION}"
    assert (await rep.get(f"/opportunities/{deals[1]['id']}"))["stage"] == "prospecting"
    assert [number for number, _ in await events_of(owner, deals[1]["id"])] == [1, 2]


async def test_decides_on_the_evidence_as_it_is_by_now(department: Department) -> None:
    rep = await department.representative()
    kept, lacking = await open_deals(rep, 2)
    for deal in (kept, lacking):
        await make_ready(rep, deal)
    planned = await plan(rep, [kept, lacking], **QUALIFIED)
    (role,) = (await rep.get(f"/opportunities/{lacking['id']}/contact-roles"))["items"]
    await rep.delete(f"/opportunities/{lacking['id']}/contact-roles/{role['id']}")

    answer = await execute(rep, planned, **QUALIFIED)

    assert [each["allowed"] for each in planned] == [True, True]
    assert statuses(answer) == [201, 409]
    assert answer.json()["items"][1]["problem"]["code"] == "exit_criteria_not_met"


async def test_a_managers_override_is_recorded_for_those_that_needed_it(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, manager = await department.representative(), await department.manager()
    ready, bare = await open_deals(rep, 2)
    await make_ready(rep, ready)

    answer = await execute(manager, [ready, bare], **QUALIFIED, override_reason="agreed by phone")

    assert [item["transition"]["overridden"] for item in answer.json()["items"]] == [False, True]
    assert [kind for _, kind in await events_of(owner, bare["id"])][-1] == "opportunity.guard_overridden"
    assert [kind for _, kind in await events_of(owner, ready["id"])][-1] == "opportunity.stage_changed"


async def test_inputs_that_are_missing_are_named_where_all_deals_share_them(department: Department) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 2)

    answer = await execute(rep, deals, to_stage="analysis")

    assert statuses(answer) == [422, 422]
    assert [pointers(item["problem"]) for item in answer.json()["items"]] == [["/loss_reason"]] * 2


async def test_executed_again_it_moves_nothing(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 3)
    await execute(rep, deals, **LOST)

    again = await execute(rep, deals, **LOST)

    assert statuses(again) == [412] * 3
    assert [await events_of(owner, deal["id"]) for deal in deals] == [LOST_EVENTS] * 3


async def test_a_keyed_execution_is_answered_with_the_same_bytes(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 3)

    first = await execute(rep, deals, key="one", **LOST)
    again = await execute(rep, deals, key="one", **LOST)

    assert (statuses(first), again.headers["Idempotent-Replayed"]) == ([201] * 3, "true")
    assert again.content == first.content
    assert [await events_of(owner, deal["id"]) for deal in deals] == [LOST_EVENTS] * 3


async def test_of_many_executions_at_once_in_any_order_each_deal_moves_once(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 10)

    answers = await asyncio.gather(
        *(execute(rep, deals[::-1] if number % 2 else deals, **LOST) for number in range(10))
    )

    assert sorted(status for answer in answers for status in statuses(answer)) == [201] * 10 + [412] * 90
    assert [await events_of(owner, deal["id"]) for deal in deals] == [LOST_EVENTS] * 10


async def test_meets_single_transitions_and_changes_of_its_deals(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, manager = await department.representative(), await department.manager()
    deals = await open_deals(rep, 8)

    answer, *_ = await asyncio.gather(
        execute(rep, deals, **LOST),
        *(manager.request("POST", f"/opportunities/{deal['id']}/transitions", json=OVERRIDDEN) for deal in deals),
        *(rep.request("PATCH", f"/opportunities/{deal['id']}", json={"name": "Renamed"}) for deal in deals),
    )

    assert set(statuses(answer)) <= {201, 412}
    for deal in deals:
        moves = (await rep.get(f"/opportunities/{deal['id']}/transitions"))["items"]
        numbers = await owner.fetch(
            "SELECT sequence FROM events WHERE subject_id = $1 ORDER BY xid, id", UUID(deal["id"])
        )
        assert [row["sequence"] for row in numbers] == list(range(1, len(numbers) + 1))
        kinds = [kind for _, kind in await events_of(owner, deal["id"])]
        assert kinds.count("opportunity.stage_changed") == len(moves)


async def test_takes_no_transaction_id_before_it_has_all_its_deals(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 5)
    async with database.begin(department.system) as tx:
        await pass_gates(tx, UUID(deals[2]["id"]))
        executing = asyncio.create_task(execute(rep, deals, **LOST))
        (waiting,) = await until(lambda: owner.fetch(WAITING), lambda rows: len(rows) == 1)

    assert waiting["backend_xid"] is None
    assert statuses(await executing) == [201] * 5
