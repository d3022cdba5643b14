import asyncio
from uuid import UUID

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.evidence import (
    events_of,
    hold_activity,
    hours_from_now,
    last_event,
    open_deal,
    open_lead,
    plan_activity,
    until_awaited,
)
from tests.department import Department


async def test_a_plan_is_held_now_unless_said_otherwise(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    activity = await plan_activity(rep, "meeting", opportunity_id=deal["id"], note="Bring samples")

    held = await rep.post(
        f"/activities/{activity['id']}/completion", {"status": "held", "duration_minutes": 45}, expect=200
    )

    event = await last_event(owner, deal["id"])
    assert (held["status"], held["duration_minutes"], held["version"]) == ("held", 45, 2)
    assert held["held_at"] is not None
    assert held["note"] == "Bring samples"
    assert (event["type"], event["subject"]["sequence"]) == ("activity.completed", 3)
    assert event["data"]["object"] == held
    assert event["data"]["before"] == {"status": "planned", "held_at": None, "duration_minutes": None}


@pytest.mark.parametrize("status", ["no_show", "cancelled"])
async def test_a_plan_may_come_to_nothing(department: Department, status: str) -> None:
    rep = await department.representative()
    activity = await plan_activity(rep, opportunity_id=(await open_deal(rep))["id"])

    ended = await rep.post(
        f"/activities/{activity['id']}/completion", {"status": status, "note": "They were ill"}, expect=200
    )

    assert (ended["status"], ended["held_at"], ended["note"]) == (status, None, "They were ill")


async def test_a_completed_activity_is_not_completed_again(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    activity = await hold_activity(rep, "call", opportunity_id=deal["id"])

    problem = await rep.post(f"/activities/{activity['id']}/completion", {"status": "cancelled"}, expect=409)

    assert problem["code"] == "activity_completed"
    assert await rep.get(f"/activities/{activity['id']}") == activity
    assert len(await events_of(owner, deal["id"])) == 3


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/status"),
        ({"status": "planned"}, "/status"),
        ({"status": "held", "held_at": "tomorrow"}, "/held_at"),
        ({"status": "held", "held_at": hours_from_now(24)}, "/held_at"),
        ({"status": "cancelled", "held_at": "2026-01-02T03:04:05Z"}, "/held_at"),
        ({"status": "held", "kind": "meeting"}, "/kind"),
    ],
)
async def test_refuses_bad_input_and_stays_planned(
    department: Department, body: dict[str, object], pointer: str
) -> None:
    rep = await department.representative()
    activity = await plan_activity(rep, opportunity_id=(await open_deal(rep))["id"])

    problem = await rep.post(f"/activities/{activity['id']}/completion", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await rep.get(f"/activities/{activity['id']}"))["status"] == "planned"


async def test_of_two_completions_at_once_one_wins(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/activities/{(await plan_activity(rep, opportunity_id=deal['id']))['id']}/completion"

    answers = await asyncio.gather(*(rep.request("POST", path, json={"status": "held"}) for _ in range(2)))

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert [kind for _, kind in await events_of(owner, deal["id"])].count("activity.completed") == 1


async def test_many_activities_at_once_are_numbered_without_gaps(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    await asyncio.gather(*(hold_activity(rep, "call", opportunity_id=deal["id"]) for _ in range(8)))

    assert [number for number, _ in await events_of(owner, deal["id"])] == list(range(1, 18))


async def test_a_plan_is_completed_on_the_deal_when_its_lead_is_converted_meanwhile(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal, lead_id = await open_deal(rep), (await open_lead(rep))["id"]
    activity = await plan_activity(rep, lead_id=lead_id)
    path = f"/activities/{activity['id']}/completion"

    async with owner.transaction():
        await owner.execute("SELECT FROM subjects WHERE id = $1 FOR UPDATE", UUID(lead_id))
        completing = asyncio.create_task(rep.post(path, {"status": "held"}, expect=200))
        await until_awaited(owner)
        await owner.execute(
            "UPDATE activities SET opportunity_id = $1 WHERE id = $2", UUID(deal["id"]), UUID(activity["id"])
        )
    completed = await completing

    assert (completed["lead_id"], completed["opportunity_id"]) == (lead_id, deal["id"])
    assert await events_of(owner, lead_id) == [(1, "lead.created"), (2, "activity.created")]
    assert await events_of(owner, deal["id"]) == [(1, "opportunity.created"), (2, "activity.completed")]


async def test_nothing_is_recorded_on_a_deal_that_went_out_of_reach(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, southerner = await department.representative("north"), await department.representative("south")
    deal = await open_deal(rep)
    activity = await plan_activity(rep, opportunity_id=deal["id"])
    await department.operations.post(
        f"/opportunities/{deal['id']}/assignment", {"owner_id": str(southerner.user_id)}, expect=200
    )

    problem = await rep.post(f"/activities/{activity['id']}/completion", {"status": "held"}, expect=403)

    assert problem["code"] == "forbidden"
    assert (await last_event(owner, deal["id"]))["type"] == "opportunity.assigned"


async def test_a_business_developer_completes_on_a_deal_that_they_may_only_see(department: Department) -> None:
    rep = await department.representative()
    developer = await department.hire(Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE)
    activity = await plan_activity(developer, opportunity_id=(await open_deal(rep))["id"])

    held = await developer.post(f"/activities/{activity['id']}/completion", {"status": "held"}, expect=200)

    assert (held["status"], held["owner_id"]) == ("held", str(developer.user_id))
