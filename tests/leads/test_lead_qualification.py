from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from tests.builders.leads import BANT, converted_lead, disqualified_lead, event_bodies
from tests.department import Department

FULL = BANT | {
    "need_note": "In both halls",
    "budget_note": "Approved in May",
    "timeline_note": "Before the audit",
    "decision_process_note": "It meets monthly",
}


async def test_a_qualification_is_part_of_the_lead(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    answer = await rep.request("PUT", f"/leads/{lead['id']}/qualification", json=FULL)

    assert {name: answer.json()[name] for name in FULL} == FULL
    assert answer.headers["ETag"] == '"2"'
    assert await rep.get(f"/leads/{lead['id']}") == answer.json()


async def test_an_empty_qualification_clears_everything(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})
    await rep.put(f"/leads/{lead['id']}/qualification", FULL)

    cleared = await rep.put(f"/leads/{lead['id']}/qualification", {})

    assert {cleared[name] for name in FULL} == {None}


async def test_the_event_names_what_changed_and_what_it_was(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})
    await rep.put(f"/leads/{lead['id']}/qualification", FULL)

    await rep.put(f"/leads/{lead['id']}/qualification", FULL | {"budget_amount": "6000.00", "timeline_on": None})

    event = (await event_bodies(owner, lead["id"]))[-1]
    assert (event["type"], event["subject"]["sequence"]) == ("lead.updated", 3)
    assert event["data"]["changed"] == ["budget_amount", "timeline_on"]
    assert event["data"]["before"] == {"budget_amount": "5000.00", "timeline_on": "2027-01-31"}
    assert event["data"]["object"]["budget_amount"] == "6000.00"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"budget_amount": "1.00"}, "/budget_currency"),
        ({"budget_currency": "USD"}, "/budget_currency"),
        ({"budget_amount": None, "budget_currency": "USD"}, "/budget_currency"),
        ({"budget_amount": "1.00", "budget_currency": None}, "/budget_currency"),
        ({"budget_amount": "-1.00", "budget_currency": "USD"}, "/budget_amount"),
        ({"budget_amount": "1.001", "budget_currency": "USD"}, "/budget_amount"),
        ({"budget_amount": "10000000000000000.00", "budget_currency": "USD"}, "/budget_amount"),
        ({"budget_amount": "a lot", "budget_currency": "USD"}, "/budget_amount"),
        ({"budget_amount": "1.00", "budget_currency": "usd"}, "/budget_currency"),
        ({"budget_amount": "1.00", "budget_currency": "QQQ"}, "/budget_currency"),
        ({"qualification_score": -1}, "/qualification_score"),
        ({"qualification_score": 101}, "/qualification_score"),
        ({"qualification_score": 50.5}, "/qualification_score"),
        ({"qualification_score": "50"}, "/qualification_score"),
        ({"qualification_score": True}, "/qualification_score"),
        ({"need": ""}, "/need"),
        ({"need": "  "}, "/need"),
        ({"need": "x" * 10_001}, "/need"),
        ({"need": 7}, "/need"),
        ({"decision_process": ["the board"]}, "/decision_process"),
        ({"timeline_on": "next year"}, "/timeline_on"),
        ({"timeline_on": "2027-02-30"}, "/timeline_on"),
        ({"stage": "qualification"}, "/stage"),
        ({"qualified_at": "2026-01-01T00:00:00Z"}, "/qualified_at"),
    ],
)
async def test_refuses_a_wrong_qualification_at_its_place(
    department: Department, body: dict[str, Any], pointer: str
) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    problem = await rep.put(f"/leads/{lead['id']}/qualification", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert await rep.get(f"/leads/{lead['id']}") == lead


async def test_refuses_a_stale_version(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})
    path = f"/leads/{lead['id']}/qualification"

    current = await rep.request("PUT", path, json=FULL, headers={"If-Match": '"1"'})
    stale = await rep.request("PUT", path, json={}, headers={"If-Match": '"1"'})
    weak = await rep.request("PUT", path, json={}, headers={"If-Match": 'W/"2"'})

    assert (current.status_code, stale.status_code, weak.status_code) == (200, 412, 422)
    assert (await rep.get(f"/leads/{lead['id']}"))["need"] == FULL["need"]


async def test_a_lead_that_ended_is_not_qualified(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    for lead in (await disqualified_lead(rep), await converted_lead(rep)):
        problem = await rep.put(f"/leads/{lead['id']}/qualification", {"need": "Another"}, expect=409)

        assert problem["code"] == "lead_closed"
        assert await rep.get(f"/leads/{lead['id']}") == lead
        assert (await event_bodies(owner, lead["id"]))[-1]["type"] != "lead.updated"


async def test_only_who_may_change_a_lead_qualifies_it(department: Department, other_department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    support = await department.hire("sales_support_specialist")
    distant, foreign = await department.representative("south"), other_department.operations
    lead = await rep.post("/leads", {"name": "Ann"})
    path = f"/leads/{lead['id']}/qualification"

    await colleague.put(path, FULL, expect=403)
    await support.put(path, FULL, expect=403)
    await distant.put(path, FULL, expect=404)
    await foreign.put(path, FULL, expect=404)
    await rep.put(f"/leads/{uuid4()}/qualification", FULL, expect=404)

    assert await rep.get(f"/leads/{lead['id']}") == lead
