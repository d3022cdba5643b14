"""Every row of the workflow table: what each stage demands before a deal leaves it, through HTTP."""

from collections.abc import Awaitable, Callable

import asyncpg
import pytest

from tests.builders.evidence import draft_proposal, events_of, hold_activity, send_proposal, sign_contract
from tests.builders.follow_up import file_review, hand_off, open_issue, record_satisfaction
from tests.builders.leads import BANT
from tests.department import Actor, Department, Json


async def unmet(actor: Actor, deal_id: str, to_stage: str) -> set[str]:
    explained = await actor.get(f"/opportunities/{deal_id}/available-transitions")
    edge = next(item for item in explained["items"] if item["to_stage"] == to_stage and item["kind"] != "lost")
    missing = {criterion["id"] for criterion in edge["criteria"] if not criterion["satisfied"]}
    assert edge["allowed"] is (missing == set())
    return missing


async def move(actor: Actor, deal_id: str, to_stage: str, expect: int = 201, **inputs: str) -> Json:
    return await actor.post(f"/opportunities/{deal_id}/transitions", {"to_stage": to_stage, **inputs}, expect=expect)


async def link_decision_maker(rep: Actor, deal_id: str) -> None:
    contact = await rep.post("/contacts", {"name": "Ann"})
    await rep.post(f"/opportunities/{deal_id}/contact-roles", {"contact_id": contact["id"], "role": "decision_maker"})


async def to_qualification(rep: Actor) -> str:
    deal_id: str = (await rep.post("/opportunities", {"name": "GTX for Acme"}))["id"]
    await link_decision_maker(rep, deal_id)
    await hold_activity(rep, "call", opportunity_id=deal_id)
    await move(rep, deal_id, "qualification")
    return deal_id


async def to_presentation(rep: Actor) -> str:
    deal_id = await to_qualification(rep)
    account = await rep.post("/accounts", {"name": "Acme"})
    await rep.put(f"/opportunities/{deal_id}/qualification", BANT)
    await rep.patch(
        f"/opportunities/{deal_id}", {"account_id": account["id"], "amount": "5000.00", "close_on": "2030-01-31"}
    )
    await move(rep, deal_id, "presentation")
    return deal_id


async def to_negotiation(rep: Actor) -> str:
    deal_id = await to_presentation(rep)
    await hold_activity(rep, "demonstration", opportunity_id=deal_id)
    await move(rep, deal_id, "negotiation")
    return deal_id


async def to_closing(rep: Actor) -> str:
    deal_id = await to_negotiation(rep)
    await send_proposal(rep, deal_id)
    await move(rep, deal_id, "closing")
    return deal_id


async def to_follow_up(rep: Actor) -> str:
    deal_id = await to_closing(rep)
    await sign_contract(rep, deal_id)
    await move(rep, deal_id, "follow_up")
    return deal_id


async def to_analysis(rep: Actor, account_manager: Actor) -> str:
    deal_id = await to_follow_up(rep)
    await hand_off(rep, account_manager, deal_id)
    await record_satisfaction(rep, deal_id)
    await move(rep, deal_id, "analysis")
    return deal_id


@pytest.mark.parametrize("kind", ["call", "email", "meeting", "networking", "social"])
async def test_prospecting_demands_an_owner_a_contact_and_outreach_held(department: Department, kind: str) -> None:
    rep = await department.representative()
    deal_id = (await rep.post("/opportunities", {"name": "GTX for Acme"}))["id"]

    assert await unmet(rep, deal_id, "qualification") == {"contact_linked", "outreach_held"}
    await link_decision_maker(rep, deal_id)
    planned = await rep.post("/activities", {"kind": kind, "summary": "First", "opportunity_id": deal_id})
    assert await unmet(rep, deal_id, "qualification") == {"outreach_held"}
    await rep.post(f"/activities/{planned['id']}/completion", {"status": "held"}, expect=200)
    assert await unmet(rep, deal_id, "qualification") == set()

    moved = await move(rep, deal_id, "qualification")
    assert (moved["step"], moved["kind"]) == ("qualification", "forward")


async def test_qualification_demands_bant_account_deciding_contact_amount_and_date(department: Department) -> None:
    rep = await department.representative()
    deal_id = (await rep.post("/opportunities", {"name": "GTX for Acme"}))["id"]
    contact = await rep.post("/contacts", {"name": "Bob"})
    await rep.post(f"/opportunities/{deal_id}/contact-roles", {"contact_id": contact["id"], "role": "user"})
    await hold_activity(rep, "email", opportunity_id=deal_id)
    await move(rep, deal_id, "qualification")

    bant = {"need_recorded", "budget_recorded", "timeline_recorded", "decision_process_recorded"}
    rest = {"account_linked", "deciding_contact", "amount_set", "close_date_set"}
    assert await unmet(rep, deal_id, "presentation") == bant | rest
    await rep.put(f"/opportunities/{deal_id}/qualification", BANT)
    assert await unmet(rep, deal_id, "presentation") == rest
    account = await rep.post("/accounts", {"name": "Acme"})
    await rep.patch(
        f"/opportunities/{deal_id}", {"account_id": account["id"], "amount": "1.00", "close_on": "2030-01-31"}
    )
    await link_decision_maker(rep, deal_id)

    assert await unmet(rep, deal_id, "presentation") == set()
    assert (await move(rep, deal_id, "presentation"))["step"] == "presentation"


async def test_presentation_demands_one_held_and_no_objection_open(department: Department) -> None:
    rep = await department.representative()
    deal_id = await to_presentation(rep)
    objection = await rep.post("/objections", {"opportunity_id": deal_id, "summary": "Too expensive"})

    assert await unmet(rep, deal_id, "negotiation") == {"presentation_held", "no_open_objection"}
    await hold_activity(rep, "presentation", opportunity_id=deal_id)
    assert await unmet(rep, deal_id, "negotiation") == {"no_open_objection"}
    await rep.post(f"/objections/{objection['id']}/resolution", {"resolution": "A discount"}, expect=200)

    assert await unmet(rep, deal_id, "negotiation") == set()
    assert (await move(rep, deal_id, "negotiation"))["step"] == "negotiation"


async def test_negotiation_demands_a_proposal_sent_and_its_discount_approved(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal_id = await to_negotiation(rep)
    proposal = await draft_proposal(rep, deal_id, discount_percent="25.00")

    assert await unmet(rep, deal_id, "closing") == {"proposal_sent", "discount_within_limit"}
    await manager.post(f"/proposals/{proposal['id']}/discount-approval", {}, expect=200)
    assert await unmet(rep, deal_id, "closing") == {"proposal_sent"}
    await rep.post(f"/proposals/{proposal['id']}/sending", expect=200)

    assert await unmet(rep, deal_id, "closing") == set()
    assert (await move(rep, deal_id, "closing"))["step"] == "closing"


@pytest.mark.parametrize("kind", ["contract", "purchase"])
async def test_closing_is_won_with_a_signed_contract_or_a_purchase(department: Department, kind: str) -> None:
    rep = await department.representative()
    deal_id = await to_closing(rep)

    assert await unmet(rep, deal_id, "follow_up") == {"contract_signed"}
    await rep.patch(f"/opportunities/{deal_id}", {"amount": "0.00", "close_on": None})
    assert await unmet(rep, deal_id, "follow_up") == {"contract_signed", "amount_positive", "close_date_set"}
    await rep.patch(f"/opportunities/{deal_id}", {"amount": "4800.00", "close_on": "2030-01-31"})
    await sign_contract(rep, deal_id, kind=kind)

    won = await move(rep, deal_id, "follow_up")
    assert (won["kind"], won["outcome"]) == ("won", "won")
    deal = await rep.get(f"/opportunities/{deal_id}")
    assert (deal["outcome"], deal["probability"], deal["forecast_category"]) == ("won", 100, "closed")
    assert deal["closed_at"] == won["occurred_at"]


STAGES: dict[str, Callable[[Actor], Awaitable[str]]] = {
    "qualification": to_qualification,
    "presentation": to_presentation,
    "negotiation": to_negotiation,
    "closing": to_closing,
}


@pytest.mark.parametrize("stage", STAGES)
async def test_a_deal_is_lost_from_any_open_stage_with_a_reason(department: Department, stage: str) -> None:
    rep = await department.representative()
    deal_id = await STAGES[stage](rep)

    lost = await move(rep, deal_id, "analysis", loss_reason="competitor")

    assert (lost["kind"], lost["from_stage"], lost["to_stage"]) == ("lost", stage, "analysis")


@pytest.mark.parametrize("stage", STAGES)
async def test_a_deal_goes_one_step_back_with_a_reason(department: Department, stage: str) -> None:
    rep = await department.representative()
    deal_id = await STAGES[stage](rep)
    before = {
        "qualification": "prospecting",
        "presentation": "qualification",
        "negotiation": "presentation",
        "closing": "negotiation",
    }[stage]

    refused = await move(rep, deal_id, before, expect=422)
    back = await move(rep, deal_id, before, reason="We were too fast")

    assert refused["errors"][0]["pointer"] == "/reason"
    assert (back["kind"], back["step"]) == ("back", before)


async def test_follow_up_demands_acceptance_satisfaction_and_no_open_issue(department: Department) -> None:
    rep, account_manager = await department.representative(), await department.hire("account_manager")
    deal_id = await to_follow_up(rep)
    issue = await open_issue(rep, deal_id)

    assert await unmet(rep, deal_id, "analysis") == {"handoff_accepted", "satisfaction_recorded", "no_open_issue"}
    await hand_off(rep, account_manager, deal_id)
    await record_satisfaction(rep, deal_id, None)
    assert await unmet(rep, deal_id, "analysis") == {"satisfaction_recorded", "no_open_issue"}
    await record_satisfaction(rep, deal_id, None)
    assert await unmet(rep, deal_id, "analysis") == {"no_open_issue"}
    await rep.post(f"/issues/{issue['id']}/resolution", {"resolution": "A new invoice"}, expect=200)

    assert await unmet(rep, deal_id, "analysis") == set()
    assert (await move(rep, deal_id, "analysis"))["step"] == "analysis"


async def test_analysis_is_completed_when_the_review_is_filed(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, account_manager = await department.representative(), await department.hire("account_manager")
    deal_id = await to_analysis(rep, account_manager)

    assert await unmet(rep, deal_id, "completed") == {"review_filed"}
    await file_review(rep, deal_id)
    completed = await move(rep, deal_id, "completed")

    assert (completed["kind"], completed["step"], completed["outcome"]) == ("complete", "analysis", "won")
    deal = await rep.get(f"/opportunities/{deal_id}")
    assert (deal["completed_at"], deal["outcome"], deal["probability"]) == (completed["occurred_at"], "won", 100)
    numbers, kinds = zip(*await events_of(owner, deal_id), strict=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert kinds.count("opportunity.stage_changed") == 7
    assert await owner.fetchval("SELECT count(*) FROM stage_transitions WHERE opportunity_id = $1", deal_id) == 7
    refused = await rep.patch(f"/opportunities/{deal_id}", {"name": "x"}, expect=409)
    assert refused["code"] == "deal_completed"


async def test_a_lost_deal_is_completed_when_its_review_is_filed(department: Department) -> None:
    rep = await department.representative()
    deal_id = await to_negotiation(rep)
    await move(rep, deal_id, "analysis", loss_reason="price")
    await file_review(rep, deal_id)

    completed = await move(rep, deal_id, "completed")

    assert (completed["kind"], completed["outcome"]) == ("complete", "lost")


async def test_a_reopened_deal_returns_to_the_stage_it_left(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal_id = await to_negotiation(rep)
    await move(rep, deal_id, "analysis", loss_reason="no_budget")

    elsewhere = await move(manager, deal_id, "closing", expect=409, reason="They found money")
    reopened = await move(manager, deal_id, "negotiation", reason="They found money")

    assert elsewhere["code"] == "transition_not_allowed"
    assert (reopened["kind"], reopened["outcome"], reopened["step"]) == ("reopen", "open", "negotiation")
