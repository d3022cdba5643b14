import asyncio

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.evidence import (
    UNKNOWN_ID,
    days_from_now,
    draft_contract,
    events_of,
    last_event,
    mark_completed,
    open_deal,
    sign_contract,
)
from tests.department import Department


async def test_drafts_a_contract_in_the_deals_currency(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep, currency="EUR")

    contract = await draft_contract(rep, deal["id"], number="C-1", starts_on="2030-01-01", ends_on="2030-12-31")

    event = await last_event(owner, deal["id"])
    assert (contract["kind"], contract["status"], contract["currency"]) == ("contract", "draft", "EUR")
    assert (contract["starts_on"], contract["ends_on"], contract["signed_on"]) == ("2030-01-01", "2030-12-31", None)
    assert await rep.get(f"/contracts/{contract['id']}") == contract
    assert (event["type"], event["subject"]["sequence"]) == ("contract.created", 2)
    assert event["data"]["object"] == contract


async def test_a_signature_is_recorded_and_published(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal, contact = await open_deal(rep), await rep.post("/contacts", {"name": "Ann"})
    contract = await draft_contract(rep, deal["id"])
    body = {"signed_on": days_from_now(0), "signed_by_contact_id": contact["id"]}

    signed = await rep.post(f"/contracts/{contract['id']}/signature", body, expect=200)

    event = await last_event(owner, deal["id"])
    assert (signed["status"], signed["signed_on"], signed["version"]) == ("signed", body["signed_on"], 2)
    assert signed["signed_by_contact_id"] == contact["id"]
    assert (event["type"], event["subject"]["sequence"]) == ("contract.signed", 3)
    assert event["data"]["before"] == {"status": "draft", "signed_on": None, "signed_by_contact_id": None}


async def test_today_is_the_organizations(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    contract = await draft_contract(rep, (await open_deal(rep))["id"])
    path = f"/contracts/{contract['id']}/signature"
    today_in_the_east = await owner.fetchval("SELECT (now() AT TIME ZONE 'Etc/GMT-14')::date::text")
    set_zone = "UPDATE organizations SET time_zone = $2 WHERE id = $1"

    await owner.execute(set_zone, department.organization_id, "Etc/GMT+12")
    in_the_west = await rep.post(path, {"signed_on": today_in_the_east}, expect=422)
    await owner.execute(set_zone, department.organization_id, "Etc/GMT-14")
    in_the_east = await rep.post(path, {"signed_on": today_in_the_east}, expect=200)

    assert in_the_west["errors"][0]["code"] == "in_the_future"
    assert in_the_east["status"] == "signed"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/signed_on"),
        ({"signed_on": days_from_now(2)}, "/signed_on"),
        ({"signed_on": "yesterday"}, "/signed_on"),
        ({"signed_on": days_from_now(-1), "signed_by_contact_id": UNKNOWN_ID}, "/signed_by_contact_id"),
        ({"signed_on": days_from_now(-1), "status": "signed"}, "/status"),
    ],
)
async def test_refuses_a_bad_signature_and_stays_a_draft(
    department: Department, owner: asyncpg.Connection, body: dict[str, object], pointer: str
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    contract = await draft_contract(rep, deal["id"])

    problem = await rep.post(f"/contracts/{contract['id']}/signature", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert await rep.get(f"/contracts/{contract['id']}") == contract
    assert len(await events_of(owner, deal["id"])) == 2


async def test_another_organizations_contact_does_not_sign(
    department: Department, other_department: Department
) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    contact = await stranger.post("/contacts", {"name": "Theirs"})
    contract = await draft_contract(rep, (await open_deal(rep))["id"])
    body = {"signed_on": days_from_now(-1), "signed_by_contact_id": contact["id"]}

    problem = await rep.post(f"/contracts/{contract['id']}/signature", body, expect=422)

    assert problem["errors"][0]["pointer"] == "/signed_by_contact_id"


async def test_of_two_signatures_at_once_one_wins(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/contracts/{(await draft_contract(rep, deal['id']))['id']}/signature"

    answers = await asyncio.gather(
        *(rep.request("POST", path, json={"signed_on": days_from_now(-1)}) for _ in range(2))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert [kind for _, kind in await events_of(owner, deal["id"])] == [
        "opportunity.created",
        "contract.created",
        "contract.signed",
    ]


async def test_a_purchase_is_recorded_as_signed_at_once(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    purchase = await draft_contract(rep, deal["id"], kind="purchase", signed_on=days_from_now(-3))

    assert (purchase["status"], purchase["signed_on"]) == ("signed", days_from_now(-3))
    assert await events_of(owner, deal["id"]) == [
        (1, "opportunity.created"),
        (2, "contract.created"),
        (3, "contract.signed"),
    ]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"signed_on": days_from_now(-1)}, "/signed_on"),
        ({"kind": "purchase", "signed_on": days_from_now(2)}, "/signed_on"),
        ({"kind": "purchase", "signed_by_contact_id": UNKNOWN_ID}, "/signed_by_contact_id"),
        ({"kind": "handshake"}, "/kind"),
        ({"amount": "-1.00"}, "/amount"),
        ({"currency": "GBP"}, "/currency"),
        ({"starts_on": "2030-02-01", "ends_on": "2030-01-31"}, "/ends_on"),
        ({"number": ""}, "/number"),
        ({"status": "signed"}, "/status"),
        ({"opportunity_id": UNKNOWN_ID}, "/opportunity_id"),
    ],
)
async def test_refuses_bad_input_at_its_pointer(
    department: Department, owner: asyncpg.Connection, fields: dict[str, object], pointer: str
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    problem = await rep.post("/contracts", {"opportunity_id": deal["id"], "amount": "1.00", **fields}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert await events_of(owner, deal["id"]) == [(1, "opportunity.created")]


async def test_changes_a_draft_and_publishes_what_was_before(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    contract = await draft_contract(rep, deal["id"])

    changed = await rep.patch(f"/contracts/{contract['id']}", {"amount": "1200.50", "number": "C-2"})

    event = await last_event(owner, deal["id"])
    assert (changed["amount"], changed["number"], changed["version"]) == ("1200.50", "C-2", 2)
    assert (event["type"], event["subject"]["sequence"]) == ("contract.updated", 3)
    assert event["data"]["before"] == {"amount": "1000.00", "number": None}


@pytest.mark.parametrize(("field", "value"), [("currency", "GBP"), ("amount", None), ("signed_on", "2026-01-01")])
async def test_refuses_bad_changes_at_their_pointer(department: Department, field: str, value: object) -> None:
    rep = await department.representative()
    contract = await draft_contract(rep, (await open_deal(rep))["id"])

    problem = await rep.patch(f"/contracts/{contract['id']}", {field: value}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]


async def test_a_signed_contract_is_neither_changed_nor_signed_again(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    contract = await sign_contract(rep, deal["id"])
    path = f"/contracts/{contract['id']}"

    changed = await rep.patch(path, {"amount": "1.00"}, expect=409)
    signed = await rep.post(f"{path}/signature", {"signed_on": days_from_now(-2)}, expect=409)

    assert [changed["code"], signed["code"]] == ["contract_not_draft", "contract_not_draft"]
    assert await rep.get(path) == contract
    assert len(await events_of(owner, deal["id"])) == 3


async def test_a_signed_contract_is_terminated_once_with_a_reason(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/contracts/{(await sign_contract(rep, deal['id']))['id']}"

    unexplained = await rep.post(f"{path}/termination", {}, expect=422)
    terminated = await rep.post(f"{path}/termination", {"reason": "They were taken over"}, expect=200)
    again = await rep.post(f"{path}/termination", {"reason": "Again"}, expect=409)

    event = await last_event(owner, deal["id"])
    assert unexplained["errors"][0]["pointer"] == "/reason"
    assert (terminated["status"], terminated["termination_reason"]) == ("terminated", "They were taken over")
    assert terminated["terminated_at"] is not None
    assert again["code"] == "contract_not_signed"
    assert (event["type"], event["subject"]["sequence"]) == ("contract.terminated", 4)


async def test_a_draft_is_not_terminated(department: Department) -> None:
    rep = await department.representative()
    contract = await draft_contract(rep, (await open_deal(rep))["id"])

    problem = await rep.post(f"/contracts/{contract['id']}/termination", {"reason": "No"}, expect=409)

    assert problem["code"] == "contract_not_signed"


async def test_refuses_a_stale_version_on_every_write(department: Department) -> None:
    rep = await department.representative()
    path, stale = f"/contracts/{(await draft_contract(rep, (await open_deal(rep))['id']))['id']}", {"If-Match": '"1"'}
    await rep.patch(path, {"amount": "2.00"})

    patched = await rep.request("PATCH", path, json={"amount": "3.00"}, headers=stale)
    signed = await rep.request("POST", f"{path}/signature", json={"signed_on": days_from_now(-1)}, headers=stale)

    assert [patched.status_code, signed.status_code] == [412, 412]
    assert (await rep.get(path))["amount"] == "2.00"


async def test_reach_is_that_of_the_deal(department: Department) -> None:
    rep, manager = await department.representative("north_west"), await department.manager("north")
    colleague, southerner = await department.representative("north_west"), await department.manager("south")
    support = await department.hire(Position.SALES_SUPPORT_SPECIALIST, "north_west")
    developer = await department.hire(Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE, "north_west")
    contract = await draft_contract(rep, (await open_deal(rep))["id"])
    path, signature = f"/contracts/{contract['id']}", {"signed_on": days_from_now(-1)}

    for reader in (rep, manager, support, developer, department.operations):
        assert await reader.get(path) == contract
    for outsider in (colleague, southerner):
        await outsider.get(path, expect=404)
        await outsider.post(f"{path}/signature", signature, expect=404)
        assert (await outsider.get("/contracts"))["items"] == []
    await developer.post(f"{path}/signature", signature, expect=403)
    await department.operations.post(f"{path}/signature", signature, expect=403)
    signed = await support.post(f"{path}/signature", signature, expect=200)

    assert signed["status"] == "signed"


async def test_another_organizations_contract_does_not_exist(
    department: Department, other_department: Department
) -> None:
    stranger, manager = await other_department.representative(), await department.manager()
    deal = await open_deal(stranger)
    contract = await draft_contract(stranger, deal["id"])
    path = f"/contracts/{contract['id']}"

    await manager.get(path, expect=404)
    await manager.patch(path, {"amount": "1.00"}, expect=404)
    await manager.post(f"{path}/signature", {"signed_on": days_from_now(-1)}, expect=404)
    await manager.post(f"{path}/termination", {"reason": "No"}, expect=404)
    problem = await manager.post("/contracts", {"opportunity_id": deal["id"], "amount": "1.00"}, expect=422)

    assert problem["errors"][0]["code"] == "unknown_reference"
    assert (await manager.get("/contracts"))["items"] == []
    assert await stranger.get(path) == contract


async def test_lists_by_kind_status_deal_and_day(department: Department) -> None:
    rep = await department.representative()
    first, second = await open_deal(rep), await open_deal(rep)
    draft = await draft_contract(rep, first["id"], amount="30.00", ends_on="2030-06-30")
    signed = await sign_contract(rep, first["id"], amount="20.00")
    purchase = await draft_contract(rep, second["id"], kind="purchase", amount="10.00", signed_on=days_from_now(-9))

    found = {
        "by amount": await rep.get("/contracts", sort="amount"),
        "signed": await rep.get("/contracts", status="signed", sort="amount"),
        "purchases": await rep.get("/contracts", kind="purchase"),
        "of the deal": await rep.get("/contracts", opportunity_id=first["id"], sort="-amount"),
        "signed lately": await rep.get("/contracts", signed_on_gte=days_from_now(-2)),
        "ending": await rep.get("/contracts", ends_on_lte="2030-06-30"),
    }

    assert {name: [item["id"] for item in page["items"]] for name, page in found.items()} == {
        "by amount": [purchase["id"], signed["id"], draft["id"]],
        "signed": [purchase["id"], signed["id"]],
        "purchases": [purchase["id"]],
        "of the deal": [draft["id"], signed["id"]],
        "signed lately": [signed["id"]],
        "ending": [draft["id"]],
    }


async def test_pages_follow_each_other(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    ids = [(await draft_contract(rep, deal["id"]))["id"] for _ in range(3)]

    first = await rep.get("/contracts", limit=2)
    second = await rep.get("/contracts", limit=2, cursor=first["next_cursor"])

    assert [item["id"] for page in (first, second) for item in page["items"]] == ids[::-1]


async def test_a_completed_deals_contracts_end_but_do_not_change(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    draft, signed = await draft_contract(rep, deal["id"]), await sign_contract(rep, deal["id"])
    await mark_completed(owner, deal)

    problems = [
        await rep.post("/contracts", {"opportunity_id": deal["id"], "amount": "1.00"}, expect=409),
        await rep.patch(f"/contracts/{draft['id']}", {"amount": "1.00"}, expect=409),
        await rep.post(f"/contracts/{draft['id']}/signature", {"signed_on": days_from_now(-1)}, expect=409),
    ]
    ended = await rep.post(f"/contracts/{signed['id']}/termination", {"reason": "Insolvent"}, expect=200)

    assert {problem["code"] for problem in problems} == {"deal_completed"}
    assert ended["status"] == "terminated"
