"""Plans of many moves: each deal looked at as it would be alone, and nothing written."""

from typing import Any

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.evidence import UNKNOWN_ID, events_of
from tests.builders.matrix import TEAMS, Relation
from tests.builders.outcomes import open_deal_of
from tests.builders.plans import EXECUTION, LOST, PLANS, QUALIFIED, make_ready, open_deals, plan
from tests.builders.records import pointers
from tests.department import Department, Json


async def test_tells_which_deals_could_move_and_which_not_and_why(department: Department) -> None:
    rep = await department.representative()
    ready, bare, lost = await open_deals(rep, 3)
    await make_ready(rep, ready)
    await rep.post(f"/opportunities/{lost['id']}/transitions", LOST)

    planned = await plan(rep, [bare, ready, lost, {"id": UNKNOWN_ID}], **QUALIFIED)

    assert [each["opportunity_id"] for each in planned] == [bare["id"], ready["id"], lost["id"], UNKNOWN_ID]
    assert [each["allowed"] for each in planned] == [False, True, False, False]
    assert [each["version"] for each in planned] == [1, 1, 2, None]
    assert [each["problem"] and each["problem"]["code"] for each in planned] == [
        *("exit_criteria_not_met", None, "transition_not_allowed", "not_found")
    ]


@pytest.mark.parametrize("wanted", [QUALIFIED, LOST])
async def test_explains_each_move_as_the_deal_itself_explains_it(department: Department, wanted: Json) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 2)
    await make_ready(rep, deals[0])

    planned = await plan(rep, deals, **wanted)

    for deal, each in zip(deals, planned, strict=True):
        explained = await rep.get(f"/opportunities/{deal['id']}/available-transitions")
        (way,) = [item for item in explained["items"] if item["to_stage"] == wanted["to_stage"]]
        assert (each["transition"], each["version"]) == (way, explained["version"])


async def test_explains_nothing_where_there_is_no_way(department: Department) -> None:
    rep = await department.representative()

    (planned,) = await plan(rep, await open_deals(rep, 1), to_stage="closing")

    assert (planned["transition"], planned["problem"]["code"]) == (None, "transition_not_allowed")


async def test_refuses_each_move_as_a_transition_is_refused(department: Department) -> None:
    rep = await department.representative()
    (deal,) = await open_deals(rep, 1)
    about = {"instance": "", "request_id": ""}
    asked: list[Json] = [QUALIFIED, {"to_stage": "closing"}, {"to_stage": "nowhere"}, {"to_stage": "analysis"}]

    for wanted in (*asked, QUALIFIED | {"override_reason": "agreed"}):
        (planned,) = await plan(rep, [deal], **wanted)
        alone = await rep.request("POST", f"/opportunities/{deal['id']}/transitions", json=wanted)

        assert planned["problem"] | about == alone.json() | about
        assert planned["problem"]["instance"] == f"/v1{PLANS}"


async def test_a_managers_override_is_planned_as_one(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    ready, bare = await open_deals(rep, 2)
    await make_ready(rep, ready)

    planned = await plan(manager, [ready, bare], **QUALIFIED, override_reason="agreed by phone")

    assert [(each["allowed"], each["overridden"]) for each in planned] == [(True, False), (True, True)]


async def test_a_plan_writes_nothing(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 3)

    await plan(rep, deals, **LOST)

    assert [await rep.get(f"/opportunities/{deal['id']}") for deal in deals] == deals
    assert [await events_of(owner, deal["id"]) for deal in deals] == [[(1, "opportunity.created")]] * 3


@pytest.mark.parametrize("position", Position)
async def test_plans_and_moves_as_far_as_each_position_reaches(department: Department, position: Position) -> None:
    actor = await department.hire(position, "north")
    owners = {
        relation: actor if relation is Relation.OWN else await department.representative(TEAMS[relation])
        for relation in Relation
    }
    deals = [{"id": await open_deal_of(department, owner), "version": 1} for owner in owners.values()]
    twins = [await open_deal_of(department, owner) for owner in owners.values()]
    singles = [await actor.request("POST", f"/opportunities/{each}/transitions", json=LOST) for each in twins]
    alone = [single.status_code for single in singles]

    planned = await plan(actor, deals, **LOST)
    items = [{"opportunity_id": deal["id"], "version": 1} for deal in deals]
    executed = await actor.post(EXECUTION, {"items": items, **LOST}, expect=200)

    assert [item["status"] for item in executed["items"]] == alone
    assert [each["allowed"] for each in planned] == [status == 201 for status in alone]
    assert [each["version"] for each in planned] == [None if status == 404 else 1 for status in alone]


async def test_another_organizations_deal_does_not_exist(
    department: Department, other_department: Department, owner: asyncpg.Connection
) -> None:
    (theirs,) = await open_deals(await other_department.representative(), 1)
    manager = await department.manager()

    foreign, unknown = await plan(manager, [theirs, {"id": UNKNOWN_ID}], **LOST)
    items = [{"opportunity_id": each["opportunity_id"], "version": 1} for each in (foreign, unknown)]
    executed = await manager.post(EXECUTION, {"items": items, **LOST}, expect=200)

    about = {"opportunity_id": ""}
    assert (foreign | about)["problem"]["code"] == "not_found"
    assert {**(foreign | about), "problem": 0} == {**(unknown | about), "problem": 0}
    assert [item["status"] for item in executed["items"]] == [404, 404]
    assert await events_of(owner, theirs["id"]) == [(1, "opportunity.created")]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"to_stage": "analysis"}, "/opportunity_ids"),
        ({"to_stage": "analysis", "opportunity_ids": []}, "/opportunity_ids"),
        ({"to_stage": "analysis", "opportunity_ids": [UNKNOWN_ID] * 2}, "/opportunity_ids"),
        ({"to_stage": "analysis", "opportunity_ids": ["1"]}, "/opportunity_ids/0"),
        ({"opportunity_ids": [UNKNOWN_ID]}, "/to_stage"),
        ({"to_stage": "analysis", "opportunity_ids": [UNKNOWN_ID], "dry_run": True}, "/dry_run"),
    ],
)
async def test_refuses_what_is_no_plan(department: Department, body: Json, pointer: str) -> None:
    problem = await department.operations.post(PLANS, body, expect=422)

    assert pointers(problem) == [pointer]


@pytest.mark.parametrize(
    ("items", "pointer"),
    [
        ([], "/items"),
        ([{"opportunity_id": UNKNOWN_ID, "version": 1}, {"opportunity_id": UNKNOWN_ID, "version": 2}], "/items"),
        ([{"opportunity_id": UNKNOWN_ID}], "/items/0/version"),
        ([{"opportunity_id": UNKNOWN_ID, "version": 2_147_483_648}], "/items/0/version"),
        ([{"opportunity_id": UNKNOWN_ID, "version": 1, "to_stage": "closing"}], "/items/0/to_stage"),
    ],
)
async def test_refuses_what_cannot_be_executed(department: Department, items: list[Json], pointer: str) -> None:
    problem = await department.operations.post(EXECUTION, {"items": items, **LOST}, expect=422)

    assert pointers(problem) == [pointer]


@pytest.mark.parametrize("path", [PLANS, EXECUTION])
async def test_takes_200_deals_and_not_one_more(department: Department, path: str) -> None:
    rep = await department.representative()
    deals = await open_deals(rep, 200)
    ids = [deal["id"] for deal in deals]
    items, more = [{"opportunity_id": each, "version": 1} for each in ids], {"opportunity_id": UNKNOWN_ID, "version": 1}
    named: dict[str, list[Any]] = {"opportunity_ids": ids} if path == PLANS else {"items": items}
    extra = {"opportunity_ids": [*ids, UNKNOWN_ID]} if path == PLANS else {"items": [*items, more]}

    answer = await rep.post(path, {**named, **LOST}, expect=200)
    await rep.post(path, {**extra, **LOST}, expect=422)

    assert [item["problem"] for item in answer["items"]] == [None] * 200
