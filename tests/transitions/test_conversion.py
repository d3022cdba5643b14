import asyncio
import json

import asyncpg

from tests.builders.leads import BANT, hold_call, qualified_lead
from tests.department import Department


async def test_a_qualified_lead_becomes_account_contact_and_deal_at_the_furthest_stage(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    lead = await qualified_lead(rep)

    conversion = await rep.post(f"/leads/{lead['id']}/conversion", {"contact_role": "decision_maker"})

    assert conversion["opportunity"]["stage"] == "presentation"
    account = await rep.get(f"/accounts/{conversion['account']['id']}")
    contact = await rep.get(f"/contacts/{conversion['contact']['id']}")
    deal = await rep.get(f"/opportunities/{conversion['opportunity']['id']}")
    assert (account["name"], contact["email"], contact["account_id"]) == (
        "Fields Ltd",
        "ann@fields.example",
        account["id"],
    )
    assert (deal["amount"], deal["currency"], deal["need"]) == ("5000.00", "USD", BANT["need"])
    converted = await rep.get(f"/leads/{lead['id']}")
    assert (converted["outcome"], converted["converted_opportunity_id"]) == ("converted", deal["id"])
    rows = await owner.fetch("SELECT type FROM events WHERE subject_id = $1 ORDER BY sequence", deal["id"])
    assert [row["type"] for row in rows] == [
        "opportunity.created",
        "opportunity.updated",
        "opportunity.contact_role_added",
        "activity.updated",
        "opportunity.stage_changed",
        "opportunity.stage_changed",
    ]


async def test_what_the_deal_takes_over_is_published_like_any_other_evidence(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    lead = await qualified_lead(rep)

    conversion = await rep.post(f"/leads/{lead['id']}/conversion", {"contact_role": "user"})

    deal_id = conversion["opportunity"]["id"]
    bodies = await owner.fetch("SELECT type, body FROM events WHERE subject_id = $1 ORDER BY sequence", deal_id)
    events = {row["type"]: json.loads(row["body"])["data"] for row in bodies}
    role = (await rep.get(f"/opportunities/{deal_id}/contact-roles"))["items"][0]
    activity = (await rep.get("/activities", opportunity_id=deal_id))["items"][0]
    assert events["opportunity.contact_role_added"]["object"] == role
    assert events["activity.updated"]["object"] == activity
    assert events["activity.updated"]["before"] == {"opportunity_id": None}


async def test_an_existing_deal_links_the_same_contact_in_a_role_once(department: Department) -> None:
    rep = await department.representative()
    contact = await rep.post("/contacts", {"name": "Ann"})
    deal = await rep.post("/opportunities", {"name": "Running"})
    role = {"contact_id": contact["id"], "role": "champion"}
    await rep.post(f"/opportunities/{deal['id']}/contact-roles", role)
    lead = await qualified_lead(rep)
    body = {"contact_id": contact["id"], "contact_role": "champion", "opportunity_id": deal["id"]}

    await rep.post(f"/leads/{lead['id']}/conversion", body)

    assert len((await rep.get(f"/opportunities/{deal['id']}/contact-roles"))["items"]) == 1


async def test_a_deal_without_a_deciding_contact_starts_at_qualification(department: Department) -> None:
    rep = await department.representative()
    lead = await qualified_lead(rep)

    conversion = await rep.post(f"/leads/{lead['id']}/conversion", {})

    assert conversion["opportunity"]["stage"] == "qualification"


async def test_refuses_to_convert_without_qualification_and_writes_nothing(department: Department) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann", "email": "ann@fields.example"})
    await hold_call(rep, lead["id"])
    await rep.post(f"/leads/{lead['id']}/transitions", {"to_stage": "qualification"})

    problem = await rep.post(f"/leads/{lead['id']}/conversion", {}, expect=409)

    assert problem["code"] == "exit_criteria_not_met"
    assert {each["id"] for each in problem["criteria"] if not each["satisfied"]} == {
        "need_recorded",
        "budget_recorded",
        "timeline_recorded",
        "decision_process_recorded",
    }
    assert (await rep.get("/accounts"))["items"] == []
    assert (await rep.get("/opportunities"))["items"] == []


async def test_a_conversion_happens_once(department: Department) -> None:
    rep = await department.representative()
    lead = await qualified_lead(rep)

    answers = await asyncio.gather(*(rep.request("POST", f"/leads/{lead['id']}/conversion", json={}) for _ in range(8)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert refused["code"] == "lead_already_converted"
    assert len((await rep.get("/opportunities"))["items"]) == 1


async def test_a_dry_run_shows_the_result_and_leaves_no_trace(department: Department) -> None:
    rep = await department.representative()
    lead = await qualified_lead(rep)
    body = {"contact_role": "decision_maker", "dry_run": True}

    preview = await rep.post(f"/leads/{lead['id']}/conversion", body, expect=200)

    assert preview["opportunity"] == {"id": None, "created": True, "stage": "presentation"}
    assert await rep.get(f"/leads/{lead['id']}") == lead
    assert (await rep.get("/opportunities"))["items"] == []


async def test_converts_into_an_existing_account_contact_and_deal(department: Department) -> None:
    rep = await department.representative()
    account = await rep.post("/accounts", {"name": "Fields Ltd"})
    contact = await rep.post("/contacts", {"name": "Ann", "account_id": account["id"]})
    deal = await rep.post("/opportunities", {"name": "Running", "account_id": account["id"]})
    lead = await qualified_lead(rep)
    body = {"account_id": account["id"], "contact_id": contact["id"], "opportunity_id": deal["id"]}

    conversion = await rep.post(f"/leads/{lead['id']}/conversion", body)

    assert {noun: conversion[noun]["created"] for noun in ("account", "contact", "opportunity")} == {
        "account": False,
        "contact": False,
        "opportunity": False,
    }
    assert conversion["opportunity"]["id"] == deal["id"]
    assert conversion["opportunity"]["stage"] == "qualification"


async def test_refuses_records_of_another_organization(department: Department, other_department: Department) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    account = await stranger.post("/accounts", {"name": "Theirs"})
    deal = await stranger.post("/opportunities", {"name": "Theirs"})
    lead = await qualified_lead(rep)

    by_account = await rep.post(f"/leads/{lead['id']}/conversion", {"account_id": account["id"]}, expect=422)
    await rep.post(f"/leads/{lead['id']}/conversion", {"opportunity_id": deal["id"]}, expect=404)

    assert by_account["errors"][0]["pointer"] == "/account_id"
    assert (await rep.get(f"/leads/{lead['id']}"))["outcome"] == "open"


async def test_a_development_representative_hands_the_deal_over(department: Department) -> None:
    developer = await department.hire("business_development_representative")
    executive = await department.hire("account_executive")
    lead = await qualified_lead(developer)

    conversion = await developer.post(f"/leads/{lead['id']}/conversion", {"owner_id": str(executive.user_id)})

    deal = await executive.get(f"/opportunities/{conversion['opportunity']['id']}")
    assert deal["owner_id"] == str(executive.user_id)
