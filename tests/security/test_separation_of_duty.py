"""Nobody approves the discount of an own deal, and nobody sets an own target: by whatever way it is tried.

The plain cases stand with their slices (tests/proposals/test_discounts.py, tests/team_targets/test_reach.py).
"""

import pytest

from app.people.permissions import Position
from tests.builders.evidence import draft_proposal
from tests.builders.giving import bring_to_negotiation, discounted_deal, give, waits_for_approval
from tests.builders.outcomes import open_deal_of
from tests.builders.records import post_batch, statuses
from tests.builders.targets import set_target
from tests.department import Department, Json


async def test_an_approval_by_who_takes_the_deal_afterwards_does_not_count(department: Department) -> None:
    manager, rep, other = await department.manager(), await department.representative(), await department.manager()
    deal, path = await discounted_deal(manager)
    await give(manager, deal, rep)
    await manager.post(f"{path}/discount-approval", expect=200)
    await give(manager, deal, manager)

    refused = await manager.post(f"{path}/sending", expect=409)
    await other.post(f"{path}/discount-approval", expect=200)
    sent = await manager.post(f"{path}/sending", expect=200)

    assert refused["code"] == "discount_not_approved"
    assert sent["status"] == "sent"


async def test_nor_does_it_when_the_deal_is_taken_after_sending(department: Department) -> None:
    manager, rep = await department.manager(), await department.representative()
    deal, path = await discounted_deal(manager)
    await bring_to_negotiation(manager, deal)
    await give(manager, deal, rep)
    await manager.post(f"{path}/discount-approval", expect=200)
    await rep.post(f"{path}/sending", expect=200)
    before = await waits_for_approval(manager, deal)

    await give(manager, deal, manager)

    assert (before, await waits_for_approval(manager, deal)) == (False, True)


async def test_a_deal_changes_its_owner_by_an_assignment_only(department: Department) -> None:
    manager, rep = await department.manager(), await department.representative()
    deal, path = await discounted_deal(manager)
    body = {"name": "Another name", "owner_id": str(rep.user_id)}

    await manager.patch(f"/opportunities/{deal['id']}", body, expect=422)
    await manager.put(f"/opportunities/by-external-id/{deal['external_id']}", body)
    item = {"external_id": deal["external_id"], **body}
    batch = await post_batch(manager, "opportunities", [item], operation="upsert")

    assert statuses(batch) == [200]
    assert (await manager.get(f"/opportunities/{deal['id']}"))["owner_id"] == str(manager.user_id)
    await manager.post(f"{path}/discount-approval", expect=403)


async def test_a_manager_beside_does_approve_and_the_owner_still_does_not(department: Department) -> None:
    owner, beside = await department.manager(), await department.manager()
    _, path = await discounted_deal(owner)

    refusal = await owner.post(f"{path}/discount-approval", expect=403)
    approved = await beside.post(f"{path}/discount-approval", expect=200)

    assert refusal["detail"].startswith("Nobody approves the discount of an own deal")
    assert approved["discount_approved_by"] == str(beside.user_id)


@pytest.mark.parametrize("position", [each for each in Position if each is not Position.SALES_MANAGER])
async def test_nobody_else_approves_the_discount_of_an_own_deal(department: Department, position: Position) -> None:
    actor = await department.hire(position)
    deal_id = await open_deal_of(department, actor)
    proposal = await draft_proposal(await department.manager(), deal_id, discount_percent="20")

    await actor.post(f"/proposals/{proposal['id']}/discount-approval", expect=403)


@pytest.mark.parametrize("field", ["discount_approved_percent", "discount_approved_by", "discount_approved_at"])
async def test_an_approval_is_not_written_as_a_field(department: Department, field: str) -> None:
    manager = await department.manager()
    deal, path = await discounted_deal(manager)
    value: Json = {field: {"discount_approved_by": str(manager.user_id)}.get(field, "20")}

    on_change = await manager.patch(path, value, expect=422)
    on_draft = await manager.post(
        "/proposals", {"opportunity_id": deal["id"], "title": "B", "amount": "1", **value}, expect=422
    )

    assert {each["pointer"] for each in (*on_change["errors"], *on_draft["errors"])} == {f"/{field}"}


@pytest.mark.parametrize("position", [Position.SALES_MANAGER, Position.SALES_OPERATIONS_MANAGER])
@pytest.mark.parametrize("team", ["north", "north_west"])
async def test_nobody_sets_an_own_target(department: Department, position: Position, team: str) -> None:
    actor = await department.hire(position, team)
    body = {
        "team_id": str(department.teams[team]),
        "user_id": str(actor.user_id),
        "metric": "deals_won",
        "period": "2026Q4",
        "target_value": "4",
    }
    target = await set_target(department, team, actor)

    refused = await actor.post("/team-targets", body, expect=403)
    await actor.patch(f"/team-targets/{target['id']}", {"target_value": "1"}, expect=403)
    await actor.delete(f"/team-targets/{target['id']}", expect=403)

    assert refused["detail"].startswith("Nobody sets an own target")
    assert await actor.get(f"/team-targets/{target['id']}") == target


@pytest.mark.parametrize("position", [Position.SALES_MANAGER, Position.SALES_OPERATIONS_MANAGER])
async def test_nobody_allots_an_own_share(department: Department, position: Position) -> None:
    actor, member = await department.hire(position), await department.representative()
    target = await set_target(department, "north")
    path = f"/team-targets/{target['id']}/allocations"
    own, members = ({"user_id": str(each.user_id), "value": "400.00"} for each in (actor, member))

    await actor.put(path, [own, members], expect=403)
    await actor.put(path, [members])
    await department.operations.put(path, [own, members])
    await actor.put(path, [{**own, "value": "100.00"}, members], expect=403)
    kept = await actor.put(path, [own, {**members, "value": "500.00"}])

    assert [each["value"] for each in kept["allocations"]] == ["400.00", "500.00"]


async def test_the_manager_of_operations_sets_the_target_of_the_own_team(department: Department) -> None:
    actor = await department.hire(Position.SALES_OPERATIONS_MANAGER)
    target = await set_target(department, "north")

    changed = await actor.patch(f"/team-targets/{target['id']}", {"target_value": "2000.00"})

    assert changed["target_value"] == "2000.00"
