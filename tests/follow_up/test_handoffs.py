import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.follow_up import hand_off
from tests.builders.outcomes import complete_deal, lost_deal_of, manager_over, open_deal_of, won_deal_of
from tests.department import Department


async def test_an_account_manager_of_another_team_accepts_what_was_handed_to_them(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER, "south")
    deal = await won_deal_of(department, rep)
    before = await rep.get(f"/opportunities/{deal}")

    handoff = await hand_off(rep, account_manager, deal)

    assert (handoff["status"], handoff["from_user_id"], handoff["version"]) == ("accepted", str(rep.user_id), 2)
    assert handoff["decided_at"] is not None
    assert await account_manager.get(f"/handoffs/{handoff['id']}") == handoff
    assert (await account_manager.get("/handoffs"))["items"] == (await rep.get("/handoffs"))["items"] == [handoff]
    assert await rep.get(f"/opportunities/{deal}") == before
    rows = await owner.fetch("SELECT type, body FROM events WHERE subject_id = $1 ORDER BY sequence DESC LIMIT 2", deal)
    assert [row["type"] for row in rows] == ["handoff.accepted", "handoff.requested"]
    event = json.loads(rows[0]["body"])
    assert (event["subject"]["type"], event["actor"]["id"]) == ("opportunity", str(account_manager.user_id))
    assert event["data"]["object"] == handoff
    assert event["data"]["before"] == {"status": "requested", "decided_at": None}


async def test_a_rejected_deal_can_be_handed_to_somebody_again(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    deal = await won_deal_of(department, rep)
    body = {"opportunity_id": deal, "to_user_id": str(account_manager.user_id)}
    handoff = await rep.post("/handoffs", body)

    rejected = await account_manager.post(f"/handoffs/{handoff['id']}/rejection", {"note": "Not my region"}, expect=200)
    again = await rep.post("/handoffs", body)

    assert (rejected["status"], rejected["decision_note"]) == ("rejected", "Not my region")
    assert again["status"] == "requested"
    types = await owner.fetch("SELECT type FROM events WHERE subject_id = $1 ORDER BY sequence DESC LIMIT 2", deal)
    assert [row["type"] for row in types] == ["handoff.requested", "handoff.rejected"]


@pytest.mark.parametrize("make", [open_deal_of, lost_deal_of])
async def test_only_a_won_deal_is_handed_over(department: Department, make: object) -> None:
    assert callable(make)
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    body = {"opportunity_id": await make(department, rep), "to_user_id": str(account_manager.user_id)}

    problem = await rep.post("/handoffs", body, expect=409)

    assert problem["code"] == "deal_not_won"


async def test_refuses_anybody_but_an_active_account_manager(
    department: Department, other_department: Department
) -> None:
    rep, colleague = await department.representative(), await department.representative()
    gone = await department.hire(Position.ACCOUNT_MANAGER)
    await department.operations.patch(f"/users/{gone.user_id}", {"is_active": False})
    stranger = await other_department.hire(Position.ACCOUNT_MANAGER)
    deal = await won_deal_of(department, rep)

    for user_id in (colleague.user_id, gone.user_id, stranger.user_id, uuid4()):
        body = {"opportunity_id": deal, "to_user_id": str(user_id)}
        problem = await rep.post("/handoffs", body, expect=422)

        assert problem["errors"][0]["pointer"] == "/to_user_id"
    assert (await rep.get("/handoffs"))["items"] == []


async def test_asking_the_same_person_twice_is_refused_while_they_think(department: Department) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    body = {"opportunity_id": await won_deal_of(department, rep), "to_user_id": str(account_manager.user_id)}
    await rep.post("/handoffs", body)

    problem = await rep.post("/handoffs", body, expect=409)

    assert problem["code"] == "handoff_pending"


async def test_only_the_addressee_decides(department: Department) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    other = await department.hire(Position.ACCOUNT_MANAGER)
    outsider = await department.hire(Position.ACCOUNT_MANAGER, "south")
    body = {"opportunity_id": await won_deal_of(department, rep), "to_user_id": str(account_manager.user_id)}
    handoff = await rep.post("/handoffs", body)

    for actor in (rep, other, department.operations):
        await actor.post(f"/handoffs/{handoff['id']}/acceptance", expect=403)
        await actor.post(f"/handoffs/{handoff['id']}/rejection", expect=403)
    await outsider.post(f"/handoffs/{handoff['id']}/acceptance", expect=404)
    await outsider.get(f"/handoffs/{handoff['id']}", expect=404)

    assert (await outsider.get("/handoffs"))["items"] == []
    assert await rep.get(f"/handoffs/{handoff['id']}") == handoff


async def test_a_decision_stands(department: Department) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    handoff = await hand_off(rep, account_manager, await won_deal_of(department, rep))

    problem = await account_manager.post(f"/handoffs/{handoff['id']}/rejection", expect=409)

    assert problem["code"] == "handoff_already_decided"
    assert await rep.get(f"/handoffs/{handoff['id']}") == handoff


async def test_of_two_decisions_at_the_same_moment_one_stands(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    body = {"opportunity_id": await won_deal_of(department, rep), "to_user_id": str(account_manager.user_id)}
    handoff = await rep.post("/handoffs", body)

    answers = await asyncio.gather(
        *(
            account_manager.request("POST", f"/handoffs/{handoff['id']}/{decision}", json={})
            for decision in ("acceptance", "rejection", "acceptance")
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    decided = "SELECT count(*) FROM events WHERE type IN ('handoff.accepted', 'handoff.rejected') AND subject_id = $1"
    assert await owner.fetchval(decided, handoff["opportunity_id"]) == 1


async def test_a_completed_deal_is_not_handed_over(department: Department) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    deal = await won_deal_of(department, rep)
    await complete_deal(await manager_over(department, rep), deal)

    body = {"opportunity_id": deal, "to_user_id": str(account_manager.user_id)}
    problem = await rep.post("/handoffs", body, expect=409)

    assert problem["code"] == "deal_completed"
