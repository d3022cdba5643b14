import asyncpg

from tests.builders.evidence import draft_proposal, events_of, last_event, open_deal, send_proposal
from tests.department import Department


async def test_a_discount_within_the_limit_needs_no_approval(department: Department) -> None:
    rep = await department.representative()

    sent = await send_proposal(rep, (await open_deal(rep))["id"], discount_percent="10.00")

    assert sent["status"] == "sent"


async def test_a_discount_above_the_limit_is_not_sent_unapproved(department: Department) -> None:
    rep = await department.representative()
    proposal = await draft_proposal(rep, (await open_deal(rep))["id"], discount_percent="10.01")

    problem = await rep.post(f"/proposals/{proposal['id']}/sending", expect=409)

    assert problem["code"] == "discount_not_approved"
    assert (problem["discount_limit_percent"], problem["discount_approved_percent"]) == ("10.00", None)


async def test_the_limit_is_the_organizations(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    await owner.execute(
        "UPDATE organizations SET discount_limit_percent = 25 WHERE id = $1", department.organization_id
    )

    sent = await send_proposal(rep, (await open_deal(rep))["id"], discount_percent="25")

    assert sent["status"] == "sent"


async def test_a_manager_approves_and_the_representative_sends(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, manager = await department.representative("north_west"), await department.manager("north")
    deal = await open_deal(rep)
    path = f"/proposals/{(await draft_proposal(rep, deal['id'], discount_percent='20'))['id']}"

    approved = await manager.post(f"{path}/discount-approval", expect=200)
    event = await last_event(owner, deal["id"])
    sent = await rep.post(f"{path}/sending", expect=200)

    assert (approved["discount_approved_percent"], approved["discount_approved_by"]) == ("20.00", str(manager.user_id))
    assert approved["discount_approved_at"] is not None
    assert (event["type"], event["data"]["object"]) == ("proposal.discount_approved", approved)
    assert event["actor"]["id"] == str(manager.user_id)
    assert sent["status"] == "sent"
    assert await events_of(owner, deal["id"]) == [
        (1, "opportunity.created"),
        (2, "proposal.created"),
        (3, "proposal.discount_approved"),
        (4, "proposal.sent"),
    ]


async def test_a_discount_raised_after_its_approval_is_unapproved(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    path = f"/proposals/{(await draft_proposal(rep, (await open_deal(rep))['id'], discount_percent='20'))['id']}"
    await manager.post(f"{path}/discount-approval", expect=200)

    await rep.patch(path, {"discount_percent": "20.01"})
    raised = await rep.post(f"{path}/sending", expect=409)
    await rep.patch(path, {"discount_percent": "15"})
    lowered = await rep.post(f"{path}/sending", expect=200)

    assert (raised["code"], raised["discount_approved_percent"]) == ("discount_not_approved", "20.00")
    assert lowered["status"] == "sent"


async def test_a_manager_does_not_approve_the_discount_of_an_own_deal(
    department: Department, owner: asyncpg.Connection
) -> None:
    manager, other_manager = await department.manager(), await department.manager()
    deal = await open_deal(manager)
    path = f"/proposals/{(await draft_proposal(manager, deal['id'], discount_percent='20'))['id']}"

    problem = await manager.post(f"{path}/discount-approval", expect=403)
    unapproved = await manager.get(path)
    approved = await other_manager.post(f"{path}/discount-approval", expect=200)

    assert problem["code"] == "forbidden"
    assert (unapproved["discount_approved_percent"], unapproved["version"]) == (None, 1)
    assert approved["discount_approved_by"] == str(other_manager.user_id)
    assert len(await events_of(owner, deal["id"])) == 3


async def test_nobody_but_a_manager_above_the_deal_approves(department: Department) -> None:
    rep = await department.representative("north")
    below, southern = await department.manager("north_west"), await department.manager("south")
    path = f"/proposals/{(await draft_proposal(rep, (await open_deal(rep))['id'], discount_percent='20'))['id']}"

    await rep.post(f"{path}/discount-approval", expect=403)
    await department.operations.post(f"{path}/discount-approval", expect=403)
    await below.post(f"{path}/discount-approval", expect=404)
    await southern.post(f"{path}/discount-approval", expect=404)

    assert (await rep.get(path))["discount_approved_percent"] is None


async def test_only_a_drafts_discount_is_approved(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    proposal = await send_proposal(rep, (await open_deal(rep))["id"])

    problem = await manager.post(f"/proposals/{proposal['id']}/discount-approval", expect=409)

    assert problem["code"] == "proposal_not_draft"


async def test_an_approval_of_a_version_that_changed_is_refused(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    path = f"/proposals/{(await draft_proposal(rep, (await open_deal(rep))['id'], discount_percent='20'))['id']}"
    await rep.patch(path, {"discount_percent": "90"})

    stale = await manager.request("POST", f"{path}/discount-approval", json={}, headers={"If-Match": '"1"'})

    assert stale.status_code == 412
    assert (await rep.get(path))["discount_approved_percent"] is None
