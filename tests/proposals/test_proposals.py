import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.evidence import UNKNOWN_ID, draft_proposal, events_of, last_event, open_deal, send_proposal
from tests.department import Department


async def test_drafts_a_proposal_in_the_deals_currency(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep, currency="EUR")

    proposal = await rep.post("/proposals", {"opportunity_id": deal["id"], "title": "An offer", "amount": "99.90"})

    event = await last_event(owner, deal["id"])
    assert (proposal["status"], proposal["currency"], proposal["amount"]) == ("draft", "EUR", "99.90")
    assert (proposal["discount_percent"], proposal["discount_approved_percent"]) == ("0.00", None)
    assert await rep.get(f"/proposals/{proposal['id']}") == proposal
    assert (event["type"], event["subject"]["sequence"]) == ("proposal.created", 2)
    assert event["data"]["object"] == proposal


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("currency", "GBP"),
        ("currency", "XX1"),
        ("amount", "-1.00"),
        ("amount", "NaN"),
        ("amount", None),
        ("discount_percent", "100.01"),
        ("discount_percent", "7.123"),
        ("valid_until_on", "soon"),
        ("status", "sent"),
        ("discount_approved_percent", "50"),
        ("opportunity_id", UNKNOWN_ID),
    ],
)
async def test_refuses_bad_input_at_its_pointer(department: Department, field: str, value: object) -> None:
    rep = await department.representative()
    body = {"opportunity_id": (await open_deal(rep))["id"], "title": "An offer", "amount": "1.00", field: value}

    problem = await rep.post("/proposals", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]


async def test_changes_a_draft_and_publishes_what_was_before(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    proposal = await draft_proposal(rep, deal["id"])

    changed = await rep.patch(f"/proposals/{proposal['id']}", {"terms": "60 days net", "discount_percent": "5.5"})

    event = await last_event(owner, deal["id"])
    assert (changed["terms"], changed["discount_percent"], changed["version"]) == ("60 days net", "5.50", 2)
    assert changed["pricing"] == proposal["pricing"]
    assert (event["type"], event["subject"]["sequence"]) == ("proposal.updated", 3)
    assert event["data"]["before"] == {"terms": "30 days net", "discount_percent": "0.00"}


@pytest.mark.parametrize(("field", "value"), [("currency", "GBP"), ("amount", None), ("opportunity_id", UNKNOWN_ID)])
async def test_refuses_bad_changes_at_their_pointer(department: Department, field: str, value: object) -> None:
    rep = await department.representative()
    proposal = await draft_proposal(rep, (await open_deal(rep))["id"])

    problem = await rep.patch(f"/proposals/{proposal['id']}", {field: value}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]


async def test_a_sent_proposal_is_not_changed(department: Department) -> None:
    rep = await department.representative()
    proposal = await send_proposal(rep, (await open_deal(rep))["id"])

    problem = await rep.patch(f"/proposals/{proposal['id']}", {"amount": "1.00"}, expect=409)

    assert problem["code"] == "proposal_not_draft"
    assert await rep.get(f"/proposals/{proposal['id']}") == proposal


async def test_refuses_a_stale_version_on_every_write(department: Department) -> None:
    rep = await department.representative()
    proposal = await draft_proposal(rep, (await open_deal(rep))["id"])
    path, stale = f"/proposals/{proposal['id']}", {"If-Match": '"1"'}
    await rep.patch(path, {"amount": "2.00"})

    patched = await rep.request("PATCH", path, json={"amount": "3.00"}, headers=stale)
    sent = await rep.request("POST", f"{path}/sending", headers=stale)

    assert [patched.status_code, sent.status_code] == [412, 412]
    assert patched.headers["ETag"] == '"2"'
    assert (await rep.get(path))["status"] == "draft"


async def test_reach_is_that_of_the_deal(department: Department) -> None:
    rep, manager = await department.representative("north_west"), await department.manager("north")
    colleague, southerner = await department.representative("north_west"), await department.manager("south")
    support = await department.hire(Position.SALES_SUPPORT_SPECIALIST, "north_west")
    developer = await department.hire(Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE, "north_west")
    proposal = await draft_proposal(rep, (await open_deal(rep))["id"])
    path = f"/proposals/{proposal['id']}"

    assert [(await reader.get(path))["id"] for reader in (rep, manager, support, developer)] == [proposal["id"]] * 4
    assert (await department.operations.get(path))["id"] == proposal["id"]
    await colleague.get(path, expect=404)
    await southerner.get(path, expect=404)
    assert (await colleague.get("/proposals"))["items"] == []
    assert (await southerner.get("/proposals"))["items"] == []
    assert [item["id"] for item in (await manager.get("/proposals"))["items"]] == [proposal["id"]]


async def test_who_only_sees_a_proposal_does_not_write_it(department: Department) -> None:
    rep = await department.representative()
    developer = await department.hire(Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE)
    colleague = await department.representative()
    deal = await open_deal(rep)
    proposal = await draft_proposal(rep, deal["id"])
    body = {"opportunity_id": deal["id"], "title": "Mine", "amount": "1.00"}

    await developer.post("/proposals", body, expect=403)
    await department.operations.post(f"/proposals/{proposal['id']}/sending", expect=403)
    unseen = await colleague.post(f"/proposals/{proposal['id']}/sending", expect=404)
    unknown = await colleague.post("/proposals", body, expect=422)

    assert unseen["code"] == "not_found"
    assert unknown["errors"][0]["pointer"] == "/opportunity_id"
    assert await rep.get(f"/proposals/{proposal['id']}") == proposal


async def test_another_organizations_proposal_does_not_exist(
    department: Department, other_department: Department
) -> None:
    stranger, manager = await other_department.representative(), await department.manager()
    deal = await open_deal(stranger)
    proposal = await draft_proposal(stranger, deal["id"])
    path = f"/proposals/{proposal['id']}"

    await manager.get(path, expect=404)
    await manager.patch(path, {"amount": "1.00"}, expect=404)
    for deed in ("sending", "acceptance", "rejection", "expiry", "discount-approval"):
        await manager.post(f"{path}/{deed}", expect=404)
    problem = await manager.post(
        "/proposals", {"opportunity_id": deal["id"], "title": "Ours", "amount": "1.00"}, expect=422
    )

    assert problem["errors"][0]["code"] == "unknown_reference"
    assert (await manager.get("/proposals"))["items"] == []
    assert await stranger.get(path) == proposal


async def test_lists_by_status_deal_owner_and_amount(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    first, second = await open_deal(rep), await open_deal(manager)
    small = await draft_proposal(rep, first["id"], amount="10.00", valid_until_on="2030-01-31")
    large = await send_proposal(rep, first["id"], amount="30.00")
    other = await draft_proposal(manager, second["id"], amount="20.00")

    found = {
        "by amount": await manager.get("/proposals", sort="amount"),
        "drafts": await manager.get("/proposals", status="draft", sort="amount"),
        "of the deal": await manager.get("/proposals", opportunity_id=first["id"], sort="amount"),
        "of the owner": await manager.get("/proposals", owner_id=str(manager.user_id)),
        "large": await manager.get("/proposals", amount_gte="20.01"),
        "valid in january": await manager.get("/proposals", valid_until_on_lte="2030-01-31"),
    }

    assert {name: [item["id"] for item in page["items"]] for name, page in found.items()} == {
        "by amount": [small["id"], other["id"], large["id"]],
        "drafts": [small["id"], other["id"]],
        "of the deal": [small["id"], large["id"]],
        "of the owner": [other["id"]],
        "large": [large["id"]],
        "valid in january": [small["id"]],
    }


async def test_pages_follow_each_other(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    ids = [(await draft_proposal(rep, deal["id"], amount=f"{number}.00"))["id"] for number in range(3)]

    first = await rep.get("/proposals", sort="-amount", limit=2)
    second = await rep.get("/proposals", sort="-amount", limit=2, cursor=first["next_cursor"])

    assert [item["id"] for page in (first, second) for item in page["items"]] == ids[::-1]
    assert [number for number, _ in await events_of(owner, deal["id"])] == [1, 2, 3, 4]
