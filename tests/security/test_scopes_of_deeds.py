"""A credential that may only read moves nothing, whatever its position may (the rest: tests/people/test_scopes.py)."""

import pytest

from tests.builders.keys import narrowed
from tests.builders.outcomes import open_deal_of
from tests.department import Department, Json


@pytest.mark.parametrize(
    "move",
    [
        {"to_stage": "qualification"},
        {"to_stage": "qualification", "override_reason": "agreed by phone"},
        {"to_stage": "analysis", "loss_reason": "price"},
        {"to_stage": "analysis", "loss_reason": "price", "dry_run": True},
    ],
)
async def test_a_deal_is_not_moved_without_the_scope(department: Department, move: Json) -> None:
    manager = await department.manager()
    reader = await narrowed(department, manager, "*:read", "opportunities:write")
    deal_id = await open_deal_of(department, manager)

    refused = await reader.post(f"/opportunities/{deal_id}/transitions", move, expect=403)

    assert (refused["code"], refused["scope"]) == ("insufficient_scope", "transitions:write")
    assert (await manager.get(f"/opportunities/{deal_id}"))["version"] == 1


async def test_a_lead_is_neither_moved_nor_converted_nor_disqualified(department: Department) -> None:
    rep = await department.representative()
    reader = await narrowed(department, rep, "*:read")
    lead = await rep.post("/leads", {"name": "Ann"})
    path = f"/leads/{lead['id']}"

    moved = await reader.post(f"{path}/transitions", {"to_stage": "qualification"}, expect=403)
    converted = await reader.post(f"{path}/conversion", {"contact_role": "decision_maker"}, expect=403)
    reason = {"to_stage": "disqualified", "reason": "No budget"}
    disqualified = await reader.post(f"{path}/transitions", reason, expect=403)

    assert [each["scope"] for each in (moved, converted, disqualified)] == [
        "transitions:write",
        "transitions:write",
        "leads:write",
    ]
    assert (await rep.get(path))["version"] == 1


async def test_moves_are_told_as_not_allowed(department: Department) -> None:
    manager = await department.manager()
    reader = await narrowed(department, manager, "*:read")
    deal_id = await open_deal_of(department, manager)

    mine = (await manager.get(f"/opportunities/{deal_id}/available-transitions"))["items"]
    readers = (await reader.get(f"/opportunities/{deal_id}/available-transitions"))["items"]

    assert any(each["allowed"] or each["may_override"] for each in mine)
    assert not any(each["allowed"] or each["may_override"] for each in readers)


async def test_with_the_scope_the_deal_moves(department: Department) -> None:
    manager = await department.manager()
    mover = await narrowed(department, manager, "opportunities:read", "transitions:write")
    deal_id = await open_deal_of(department, manager)

    moved = await mover.post(f"/opportunities/{deal_id}/transitions", {"to_stage": "analysis", "loss_reason": "price"})

    assert moved["outcome"] == "lost"
