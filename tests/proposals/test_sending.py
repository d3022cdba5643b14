import asyncio

import asyncpg
import pytest

from tests.builders.evidence import draft_proposal, events_of, last_event, mark_completed, open_deal, send_proposal
from tests.department import Department


async def test_sends_a_complete_draft(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    sent = await send_proposal(rep, deal["id"])

    event = await last_event(owner, deal["id"])
    assert (sent["status"], sent["version"]) == ("sent", 2)
    assert sent["sent_at"] is not None
    assert (event["type"], event["subject"]["sequence"]) == ("proposal.sent", 3)
    assert event["data"]["object"] == sent
    assert event["data"]["before"] == {"status": "draft", "sent_at": None}


async def test_names_everything_that_is_missing(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    proposal = await draft_proposal(rep, deal["id"], pricing=None, delivery_timeline=None)

    problem = await rep.post(f"/proposals/{proposal['id']}/sending", expect=409)

    assert problem["code"] == "proposal_incomplete"
    assert [error["pointer"] for error in problem["errors"]] == ["/pricing", "/delivery_timeline"]
    assert await rep.get(f"/proposals/{proposal['id']}") == proposal
    assert len(await events_of(owner, deal["id"])) == 2


async def test_of_two_sendings_at_once_one_wins(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/proposals/{(await draft_proposal(rep, deal['id']))['id']}"

    answers = await asyncio.gather(*(rep.request("POST", f"{path}/sending") for _ in range(2)))

    refused = next(answer for answer in answers if answer.status_code != 200)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert refused.json()["code"] == "proposal_not_draft"
    assert (await rep.get(path))["version"] == 2
    assert await events_of(owner, deal["id"]) == [
        (1, "opportunity.created"),
        (2, "proposal.created"),
        (3, "proposal.sent"),
    ]


async def test_a_change_and_a_sending_at_once_leave_no_gap(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/proposals/{(await draft_proposal(rep, deal['id']))['id']}"

    changed, sent = await asyncio.gather(
        rep.request("PATCH", path, json={"amount": "1.00"}), rep.request("POST", f"{path}/sending")
    )

    events = await events_of(owner, deal["id"])
    assert sent.status_code == 200
    assert changed.status_code in {200, 409}
    assert [number for number, _ in events] == list(range(1, len(events) + 1))
    assert len(events) == (4 if changed.status_code == 200 else 3)


@pytest.mark.parametrize(
    ("deed", "status"), [("acceptance", "accepted"), ("rejection", "rejected"), ("expiry", "expired")]
)
async def test_a_sent_proposal_is_decided_once(
    department: Department, owner: asyncpg.Connection, deed: str, status: str
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/proposals/{(await send_proposal(rep, deal['id']))['id']}"

    decided = await rep.post(f"{path}/{deed}", expect=200)
    again = [await rep.post(f"{path}/{each}", expect=409) for each in ("acceptance", "rejection", "expiry")]

    event = await last_event(owner, deal["id"])
    assert decided["status"] == status
    assert decided["decided_at"] is not None
    assert (event["type"], event["subject"]["sequence"]) == (f"proposal.{status}", 4)
    assert {problem["code"] for problem in again} == {"proposal_not_sent"}


async def test_a_rejection_may_say_why(department: Department) -> None:
    rep = await department.representative()
    proposal = await send_proposal(rep, (await open_deal(rep))["id"])

    rejected = await rep.post(f"/proposals/{proposal['id']}/rejection", {"note": "Too expensive"}, expect=200)

    assert rejected["decision_note"] == "Too expensive"


@pytest.mark.parametrize("deed", ["acceptance", "rejection", "expiry"])
async def test_a_draft_is_not_decided(department: Department, deed: str) -> None:
    rep = await department.representative()
    proposal = await draft_proposal(rep, (await open_deal(rep))["id"])

    problem = await rep.post(f"/proposals/{proposal['id']}/{deed}", expect=409)

    assert problem["code"] == "proposal_not_sent"


@pytest.mark.parametrize("deed", ["sending", "acceptance", "rejection", "expiry"])
async def test_deeds_refuse_unknown_fields(department: Department, deed: str) -> None:
    rep = await department.representative()
    proposal = await draft_proposal(rep, (await open_deal(rep))["id"])

    problem = await rep.post(f"/proposals/{proposal['id']}/{deed}", {"status": "sent"}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == ["/status"]


async def test_a_completed_deals_proposals_do_not_change(department: Department, owner: asyncpg.Connection) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal = await open_deal(rep)
    draft, sent = await draft_proposal(rep, deal["id"]), await send_proposal(rep, deal["id"])
    await mark_completed(owner, deal)

    problems = [
        await rep.post("/proposals", {"opportunity_id": deal["id"], "title": "Late", "amount": "1.00"}, expect=409),
        await rep.patch(f"/proposals/{draft['id']}", {"amount": "1.00"}, expect=409),
        await rep.post(f"/proposals/{draft['id']}/sending", expect=409),
        await manager.post(f"/proposals/{draft['id']}/discount-approval", expect=409),
        await rep.post(f"/proposals/{sent['id']}/acceptance", expect=409),
    ]

    assert {problem["code"] for problem in problems} == {"deal_completed"}
    assert len(await events_of(owner, deal["id"])) == 4
