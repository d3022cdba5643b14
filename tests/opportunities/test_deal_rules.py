import asyncio
import json
from uuid import UUID

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.deals import add_contact_role, add_line_item, lose_deal, offer_product, raise_objection
from tests.builders.evidence import UNKNOWN_ID, mark_completed, open_deal
from tests.builders.leads import BANT
from tests.department import Department


async def test_nothing_inside_a_completed_deal_changes(department: Department, owner: asyncpg.Connection) -> None:
    rep, gtx = await department.representative(), await offer_product(department)
    deal = await open_deal(rep)
    path = f"/opportunities/{deal['id']}"
    item, role = await add_line_item(rep, deal, gtx), await add_contact_role(rep, deal)
    objection = await raise_objection(rep, deal)
    await mark_completed(owner, deal)
    attempts: list[tuple[str, str, object]] = [
        ("PATCH", path, {"name": "Renamed"}),
        ("PUT", f"{path}/qualification", BANT),
        ("POST", f"{path}/assignment", {"owner_id": str(rep.user_id)}),
        ("POST", f"{path}/contact-roles", {"contact_id": role["contact_id"], "role": "user"}),
        ("DELETE", f"{path}/contact-roles/{role['id']}", None),
        ("POST", f"{path}/line-items", {"product_id": gtx["id"], "quantity": "1"}),
        ("PATCH", f"{path}/line-items/{item['id']}", {"quantity": "2"}),
        ("DELETE", f"{path}/line-items/{item['id']}", None),
        ("POST", "/objections", {"opportunity_id": deal["id"], "summary": "Late"}),
        ("POST", f"/objections/{objection['id']}/resolution", {"resolution": "Late"}),
    ]

    answers = [await department.operations.request(method, at, json=body) for method, at, body in attempts]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(409, "deal_completed")] * 10
    assert await owner.fetchval("SELECT count(*) FROM events WHERE subject_id = $1", UUID(deal["id"])) == 4


async def test_support_sees_what_is_inside_a_deal_but_changes_nothing(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, gtx = await department.representative(), await offer_product(department)
    support = await department.hire(Position.SALES_SUPPORT_SPECIALIST)
    deal = await open_deal(rep)
    path = f"/opportunities/{deal['id']}"
    item, role, objection = (
        await add_line_item(rep, deal, gtx),
        await add_contact_role(rep, deal),
        await raise_objection(rep, deal),
    )

    await support.post(f"{path}/line-items", {"product_id": gtx["id"], "quantity": "1"}, expect=403)
    await support.delete(f"{path}/line-items/{item['id']}", expect=403)
    await support.delete(f"{path}/contact-roles/{role['id']}", expect=403)
    await support.post(f"/objections/{objection['id']}/resolution", {"resolution": "x"}, expect=403)
    await support.put(f"{path}/qualification", BANT, expect=403)
    await support.post(f"{path}/assignment", {"owner_id": str(support.user_id)}, expect=403)

    assert (await support.get(f"{path}/line-items"))["items"] == [item]
    assert (await support.get(f"{path}/contact-roles"))["items"] == [role]
    assert (await support.get("/objections"))["items"] == [objection]
    assert await owner.fetchval("SELECT count(*) FROM events WHERE subject_id = $1", UUID(deal["id"])) == 4


async def test_a_colleague_sees_a_deal_of_the_team_but_does_not_change_it(department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    deal = await open_deal(rep)

    await colleague.put(f"/opportunities/{deal['id']}/qualification", BANT, expect=403)
    await colleague.post("/objections", {"opportunity_id": deal["id"], "summary": "x"}, expect=403)
    await colleague.post(f"/opportunities/{deal['id']}/assignment", {"owner_id": str(colleague.user_id)}, expect=403)

    assert await colleague.get(f"/opportunities/{deal['id']}") == deal


async def test_a_deal_of_another_organization_and_all_inside_it_do_not_exist(
    department: Department, other_department: Department
) -> None:
    rep, gtx = await department.representative(), await offer_product(department)
    deal = await open_deal(rep)
    path = f"/opportunities/{deal['id']}"
    item, role = await add_line_item(rep, deal, gtx), await add_contact_role(rep, deal)
    objection = await raise_objection(rep, deal)
    stranger = other_department.operations
    attempts: list[tuple[str, str, object]] = [
        ("PUT", f"{path}/qualification", BANT),
        ("POST", f"{path}/assignment", {"owner_id": str(stranger.user_id)}),
        ("GET", f"{path}/contact-roles", None),
        ("DELETE", f"{path}/contact-roles/{role['id']}", None),
        ("GET", f"{path}/line-items", None),
        ("PATCH", f"{path}/line-items/{item['id']}", {"quantity": "2"}),
        ("POST", "/objections", {"opportunity_id": deal["id"], "summary": "x"}),
        ("GET", f"/objections/{objection['id']}", None),
        ("POST", f"/objections/{objection['id']}/resolution", {"resolution": "x"}),
    ]

    answers = [await stranger.request(method, at, json=body) for method, at, body in attempts]

    assert [answer.status_code for answer in answers] == [404] * 9
    assert (await stranger.get("/objections"))["items"] == []
    assert (await rep.get(f"{path}/line-items"))["items"] == [item]


async def test_qualification_replaces_the_whole_and_tells_what_changed(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/opportunities/{deal['id']}/qualification"

    first = await rep.put(path, BANT)
    second = await rep.put(path, {"need": BANT["need"]})

    assert {name: first[name] for name in BANT} == BANT
    assert (second["need"], second["budget_amount"], second["timeline_on"]) == (BANT["need"], None, None)
    body = await owner.fetchval("SELECT body FROM events WHERE subject_id = $1 AND sequence = 3", UUID(deal["id"]))
    event = json.loads(body)
    assert (event["type"], event["data"]["before"]["budget_amount"]) == ("opportunity.updated", "5000.00")
    assert event["data"]["changed"] == sorted(BANT.keys() - {"need"})


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"qualification_score": 101}, "/qualification_score"),
        ({"qualification_score": -1}, "/qualification_score"),
        ({"timeline_on": "soon"}, "/timeline_on"),
        ({"budget_amount": "1.00", "budget_currency": "XYZ"}, "/budget_currency"),
        ({"budget_amount": "1.00"}, "/budget_currency"),
        ({"stage": "closing"}, "/stage"),
    ],
)
async def test_refuses_an_impossible_qualification(
    department: Department, body: dict[str, object], pointer: str
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    problem = await rep.put(f"/opportunities/{deal['id']}/qualification", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert await rep.get(f"/opportunities/{deal['id']}") == deal


async def test_stale_writes_of_a_deal_change_nothing(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/opportunities/{deal['id']}"
    current = await rep.patch(path, {"name": "Renamed"})
    stale = {"If-Match": '"1"'}

    answers = [
        await rep.request("PATCH", path, json={"name": "Again"}, headers=stale),
        await rep.request("PUT", f"{path}/qualification", json=BANT, headers=stale),
        await rep.request("POST", f"{path}/assignment", json={"owner_id": str(rep.user_id)}, headers=stale),
    ]

    assert [(answer.status_code, answer.headers["ETag"]) for answer in answers] == [(412, '"2"')] * 3
    assert await rep.get(path) == current


async def test_of_two_writers_with_the_same_version_one_wins(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/opportunities/{deal['id']}/qualification"

    answers = await asyncio.gather(
        *(rep.request("PUT", path, json={"need": str(n)}, headers={"If-Match": '"1"'}) for n in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_assignment_tells_the_owner_and_team_before(department: Department, owner: asyncpg.Connection) -> None:
    manager, west = await department.manager(), await department.representative("north_west")
    deal = await open_deal(manager)

    await manager.post(f"/opportunities/{deal['id']}/assignment", {"owner_id": str(west.user_id)}, expect=200)

    body = await owner.fetchval("SELECT body FROM events WHERE subject_id = $1 AND sequence = 2", UUID(deal["id"]))
    data = json.loads(body)["data"]
    assert data["before"] == {"owner_id": str(manager.user_id), "team_id": str(department.teams["north"])}
    assert data["object"]["owner_id"] == str(west.user_id)


async def test_refuses_to_assign_to_nobody_in_the_organization(
    department: Department, other_department: Department, owner: asyncpg.Connection
) -> None:
    manager, former = await department.manager(), await department.representative()
    stranger = await other_department.representative()
    deal = await open_deal(manager)
    path = f"/opportunities/{deal['id']}"
    await owner.execute("UPDATE users SET is_active = false, version = version + 1 WHERE id = $1", former.user_id)

    for user_id in (former.user_id, stranger.user_id, UNKNOWN_ID):
        problem = await manager.post(f"{path}/assignment", {"owner_id": str(user_id)}, expect=422)
        assert problem["errors"][0]["pointer"] == "/owner_id"
    assert await manager.get(path) == deal


async def test_the_owner_cannot_be_changed_by_a_patch(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    problem = await rep.patch(f"/opportunities/{deal['id']}", {"owner_id": str(rep.user_id)}, expect=422)

    assert problem["errors"][0]["pointer"] == "/owner_id"


@pytest.mark.parametrize("change", [{"amount": "1.00"}, {"currency": "EUR"}, {"close_on": "2027-01-01"}])
async def test_what_a_closed_deal_was_worth_is_settled(department: Department, change: dict[str, str]) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal = await open_deal(rep)
    await lose_deal(rep, deal)

    problem = await manager.patch(f"/opportunities/{deal['id']}", change, expect=409)
    renamed = await rep.patch(f"/opportunities/{deal['id']}", {"name": "Renamed"})

    assert (problem["code"], renamed["name"]) == ("deal_closed", "Renamed")


async def test_contact_roles_come_and_go_as_events_of_the_deal(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    role = await add_contact_role(rep, deal)

    await rep.delete(f"/opportunities/{deal['id']}/contact-roles/{role['id']}")

    rows = await owner.fetch(
        "SELECT sequence, type, body FROM events WHERE subject_id = $1 ORDER BY sequence OFFSET 1", UUID(deal["id"])
    )
    assert [(row["sequence"], row["type"]) for row in rows] == [
        (2, "opportunity.contact_role_added"),
        (3, "opportunity.contact_role_removed"),
    ]
    assert [json.loads(row["body"])["data"]["object"] for row in rows] == [role, role]


async def test_refuses_to_remove_a_stale_or_foreign_contact_role(department: Department) -> None:
    rep = await department.representative()
    deal, other = await open_deal(rep), await open_deal(rep)
    role = await add_contact_role(rep, deal)
    path = f"/opportunities/{deal['id']}/contact-roles"

    stale = await rep.request("DELETE", f"{path}/{role['id']}", headers={"If-Match": '"9"'})
    await rep.delete(f"/opportunities/{other['id']}/contact-roles/{role['id']}", expect=404)
    await rep.delete(f"{path}/{UNKNOWN_ID}", expect=404)

    assert stale.status_code == 412
    assert (await rep.get(path))["items"] == [role]


async def test_refuses_an_unknown_role(department: Department) -> None:
    rep = await department.representative()
    deal, contact = await open_deal(rep), await rep.post("/contacts", {"name": "Ann"})

    problem = await rep.post(
        f"/opportunities/{deal['id']}/contact-roles", {"contact_id": contact["id"], "role": "boss"}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/role"


async def test_objections_are_raised_and_resolved_as_events_of_the_deal(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    objection = await raise_objection(rep, deal)

    resolved = await rep.post(f"/objections/{objection['id']}/resolution", {"resolution": "Cheaper"}, expect=200)

    rows = await owner.fetch(
        "SELECT sequence, type, body FROM events WHERE subject_id = $1 ORDER BY sequence OFFSET 1", UUID(deal["id"])
    )
    assert [(row["sequence"], row["type"]) for row in rows] == [(2, "objection.raised"), (3, "objection.resolved")]
    data = json.loads(rows[1]["body"])["data"]
    assert data["object"] == resolved
    assert data["before"] == {"status": "open", "resolution": None, "resolved_at": None}


async def test_objections_are_listed_by_deal_and_status(department: Department) -> None:
    rep = await department.representative()
    deal, other = await open_deal(rep), await open_deal(rep)
    first, second = await raise_objection(rep, deal), await raise_objection(rep, deal)
    await raise_objection(rep, other)
    await rep.post(f"/objections/{first['id']}/resolution", {"resolution": "Cheaper"}, expect=200)

    still_open = await rep.get("/objections", opportunity_id=deal["id"], status="open")
    of_deal = await rep.get("/objections", opportunity_id=deal["id"], sort="created_at")
    await rep.get("/objections", status="forgotten", expect=422)

    assert still_open["items"] == [second]
    assert [each["id"] for each in of_deal["items"]] == [first["id"], second["id"]]


async def test_concurrent_writes_of_all_kinds_get_consecutive_numbers(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, gtx = await department.representative(), await offer_product(department)
    deal = await open_deal(rep)

    await asyncio.gather(
        *(raise_objection(rep, deal) for _ in range(4)),
        *(add_line_item(rep, deal, gtx) for _ in range(4)),
        *(add_contact_role(rep, deal) for _ in range(4)),
        *(rep.patch(f"/opportunities/{deal['id']}", {"name": f"Deal {n}"}) for n in range(4)),
    )

    rows = await owner.fetch("SELECT sequence FROM events WHERE subject_id = $1", UUID(deal["id"]))
    assert sorted(row["sequence"] for row in rows) == list(range(1, 18))
