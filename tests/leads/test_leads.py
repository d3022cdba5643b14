import asyncio
import json

import asyncpg

from tests.builders.leads import BANT
from tests.department import Department


async def test_a_new_lead_starts_at_prospecting(department: Department) -> None:
    rep = await department.representative()

    lead = await rep.post("/leads", {"name": "Ann Field", "company_name": "Fields Ltd", "email": "ann@fields.example"})

    assert (lead["stage"], lead["step"], lead["outcome"], lead["version"]) == ("prospecting", "prospecting", "open", 1)
    assert lead["owner_id"] == str(rep.user_id)


async def test_a_second_lead_with_the_same_email_is_refused_with_the_candidates(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    first = await rep.post("/leads", {"name": "Ann", "email": "ann@fields.example"})

    seen = await rep.post("/leads", {"name": "Ann F.", "email": "ANN@fields.example"}, expect=409)
    hidden = await stranger.post("/leads", {"name": "Ann F.", "email": "ann@fields.example"}, expect=409)

    assert seen["code"] == "duplicate_lead"
    assert [candidate["id"] for candidate in seen["candidates"]] == [first["id"]]
    assert (hidden["candidates"], hidden["hidden_candidates"]) == ([], 1)


async def test_insisting_on_a_duplicate_is_possible(department: Department) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "Ann", "email": "ann@fields.example"})

    second = await rep.post("/leads", {"name": "Ann 2", "email": "ann@fields.example", "allow_duplicate": True})

    assert second["email"] == "ann@fields.example"


async def test_of_concurrent_leads_with_one_email_exactly_one_is_made(department: Department) -> None:
    rep = await department.representative()
    body = {"name": "Ann", "email": "ann@fields.example"}

    answers = await asyncio.gather(*(rep.request("POST", "/leads", json=body) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 9


async def test_changing_to_the_email_of_another_lead_is_refused(department: Department) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "Ann", "email": "ann@fields.example"})
    other = await rep.post("/leads", {"name": "Ben", "email": "ben@fields.example"})

    problem = await rep.patch(f"/leads/{other['id']}", {"email": "Ann@fields.example"}, expect=409)

    assert problem["code"] == "duplicate_lead"


async def test_qualification_is_replaced_as_a_whole(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    qualified = await rep.put(f"/leads/{lead['id']}/qualification", BANT)
    cleared = await rep.put(f"/leads/{lead['id']}/qualification", {"need": "Something else"})

    assert {name: qualified[name] for name in BANT} == BANT
    assert (cleared["need"], cleared["budget_amount"], cleared["qualification_score"]) == ("Something else", None, None)
    rows = await owner.fetch("SELECT type, body FROM events WHERE subject_id = $1 ORDER BY sequence", lead["id"])
    assert [row["type"] for row in rows] == ["lead.created", "lead.updated", "lead.updated"]
    assert "budget_amount" in json.loads(rows[1]["body"])["data"]["changed"]


async def test_refuses_a_budget_without_a_currency_and_a_score_over_100(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    await rep.put(f"/leads/{lead['id']}/qualification", {"budget_amount": "1.00"}, expect=422)
    problem = await rep.put(f"/leads/{lead['id']}/qualification", {"qualification_score": 101}, expect=422)

    assert problem["errors"][0]["pointer"] == "/qualification_score"


async def test_an_assigned_lead_counts_for_the_new_owners_team(department: Department) -> None:
    rep, manager = await department.representative("north"), await department.manager("north")
    west = await department.representative("north_west")
    lead = await rep.post("/leads", {"name": "Ann"})

    assigned = await manager.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(west.user_id)}, expect=200)

    assert assigned["owner_id"] == str(west.user_id)
    assert assigned["team_id"] == str(department.teams["north_west"])


async def test_refuses_an_unknown_or_foreign_owner(department: Department, other_department: Department) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    problem = await rep.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(stranger.user_id)}, expect=422)

    assert problem["errors"][0]["pointer"] == "/owner_id"


async def test_a_disqualified_lead_does_not_change_until_it_is_recycled(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})
    path = f"/leads/{lead['id']}"
    no_reason = await rep.post(f"{path}/transitions", {"to_stage": "disqualified"}, expect=422)
    await rep.post(f"{path}/transitions", {"to_stage": "disqualified", "reason": "No budget"})

    refused = await rep.patch(path, {"title": "Director"}, expect=409)
    await rep.post(f"{path}/transitions", {"to_stage": "prospecting", "reason": "New budget year"})
    changed = await rep.patch(path, {"title": "Director"})

    assert [error["pointer"] for error in no_reason["errors"]] == ["/reason"]
    assert refused["code"] == "lead_closed"
    assert (changed["title"], changed["outcome"], changed["disqualified_reason"]) == ("Director", "open", None)


async def test_leads_of_another_team_are_neither_listed_nor_read(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    mine = await rep.post("/leads", {"name": "Mine"})
    theirs = await stranger.post("/leads", {"name": "Theirs"})

    listed = await rep.get("/leads")
    await rep.get(f"/leads/{theirs['id']}", expect=404)

    assert [lead["id"] for lead in listed["items"]] == [mine["id"]]
