from uuid import uuid4

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.evidence import (
    UNKNOWN_ID,
    events_of,
    hold_activity,
    hours_from_now,
    last_event,
    mark_completed,
    open_deal,
    open_lead,
    plan_activity,
)
from tests.department import Department


async def test_plans_an_activity_owned_by_the_caller(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    activity = await plan_activity(rep, "meeting", opportunity_id=deal["id"], planned_at="2030-01-02T03:04:05+01:00")

    assert (activity["status"], activity["held_at"], activity["version"]) == ("planned", None, 1)
    assert (activity["owner_id"], activity["team_id"]) == (str(rep.user_id), str(department.teams["north"]))
    assert activity["planned_at"] == "2030-01-02T02:04:05Z"
    assert await rep.get(f"/activities/{activity['id']}") == activity


async def test_events_of_a_plan_are_numbered_with_the_deals(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    activity = await plan_activity(rep, opportunity_id=deal["id"])

    event = await last_event(owner, deal["id"])
    assert await events_of(owner, deal["id"]) == [(1, "opportunity.created"), (2, "activity.created")]
    assert event["subject"] == {"type": "opportunity", "id": deal["id"], "sequence": 2}
    assert event["data"]["object"] == activity


async def test_what_is_created_as_held_is_published_as_created_and_completed(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    activity = await hold_activity(rep, "call", opportunity_id=deal["id"])

    assert activity["status"] == "held"
    assert activity["held_at"] is not None
    assert (await events_of(owner, deal["id"]))[1:] == [(2, "activity.created"), (3, "activity.completed")]


async def test_events_of_a_leads_activity_belong_to_the_lead(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    lead_id = (await open_lead(rep))["id"]

    await hold_activity(rep, "email", lead_id=lead_id)

    assert await events_of(owner, lead_id) == [
        (1, "lead.created"),
        (2, "activity.created"),
        (3, "activity.completed"),
    ]


async def test_the_deal_is_the_subject_before_the_account_and_the_account_before_the_contact(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal, account = await open_deal(rep), await rep.post("/accounts", {"name": "Acme"})
    contact = await rep.post("/contacts", {"name": "Ann"})
    people = {"account_id": account["id"], "contact_id": contact["id"]}

    await plan_activity(rep, opportunity_id=deal["id"], **people)
    await plan_activity(rep, **people)
    await plan_activity(rep, contact_id=contact["id"])

    assert await events_of(owner, deal["id"]) == [(1, "opportunity.created"), (2, "activity.created")]
    assert await events_of(owner, account["id"]) == [(1, "account.created"), (2, "activity.created")]
    assert await events_of(owner, contact["id"]) == [(1, "contact.created"), (2, "activity.created")]


async def test_refuses_an_activity_about_nothing(department: Department) -> None:
    rep = await department.representative()

    problem = await rep.post("/activities", {"kind": "call", "summary": "Whom?"}, expect=422)

    assert problem["errors"][0]["code"] == "about_nothing"


async def test_refuses_an_activity_about_a_lead_and_a_deal(department: Department) -> None:
    rep = await department.representative()
    deal, lead_id = await open_deal(rep), (await open_lead(rep))["id"]
    body = {"kind": "call", "summary": "Both", "lead_id": lead_id, "opportunity_id": deal["id"]}

    problem = await rep.post("/activities", body, expect=422)

    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == ("/lead_id", "about_both")


@pytest.mark.parametrize("column", ["lead_id", "opportunity_id", "account_id", "contact_id"])
async def test_refuses_an_unknown_record_at_its_pointer(department: Department, column: str) -> None:
    rep = await department.representative()

    problem = await rep.post("/activities", {"kind": "call", "summary": "A", column: str(uuid4())}, expect=422)

    assert (problem["errors"][0]["pointer"], problem["errors"][0]["code"]) == (f"/{column}", "unknown_reference")


async def test_refuses_a_record_of_another_kind_at_its_pointer(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    problem = await rep.post("/activities", {"kind": "call", "summary": "A", "account_id": deal["id"]}, expect=422)

    assert problem["errors"][0]["pointer"] == "/account_id"


async def test_refuses_what_is_out_of_reach_as_unknown_and_writes_nothing(
    department: Department, other_department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative("north")
    mine = await open_deal(rep)
    southern = await open_deal(await department.representative("south"))
    southern_lead = await open_lead(await department.representative("south"))
    stranger = await other_department.representative()
    foreign, foreign_account = await open_deal(stranger), await stranger.post("/accounts", {"name": "Theirs"})
    call = {"kind": "call", "summary": "A"}

    problems = [
        await rep.post("/activities", {**call, "opportunity_id": southern["id"]}, expect=422),
        await rep.post("/activities", {**call, "lead_id": southern_lead["id"]}, expect=422),
        await rep.post("/activities", {**call, "opportunity_id": foreign["id"]}, expect=422),
        await rep.post(
            "/activities", {**call, "opportunity_id": mine["id"], "account_id": foreign_account["id"]}, expect=422
        ),
    ]

    assert [problem["errors"][0]["pointer"] for problem in problems] == [
        "/opportunity_id",
        "/lead_id",
        "/opportunity_id",
        "/account_id",
    ]
    assert {problem["errors"][0]["code"] for problem in problems} == {"unknown_reference"}
    assert await events_of(owner, mine["id"]) == [(1, "opportunity.created")]
    assert (await department.operations.get("/activities"))["items"] == []


async def test_nothing_new_happens_on_a_completed_deal(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    await mark_completed(owner, deal)

    problem = await rep.post(
        "/activities", {"kind": "call", "summary": "Late", "opportunity_id": deal["id"]}, expect=409
    )

    assert problem["code"] == "deal_completed"


async def test_nothing_new_happens_with_a_disqualified_lead(department: Department) -> None:
    rep = await department.representative()
    lead_id = (await open_lead(rep))["id"]
    await rep.post(f"/leads/{lead_id}/transitions", {"to_stage": "disqualified", "reason": "No budget"})

    problem = await rep.post("/activities", {"kind": "call", "summary": "Late", "lead_id": lead_id}, expect=409)

    assert problem["code"] == "lead_disqualified"


async def test_what_was_held_was_not_held_in_the_future(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    body = {"kind": "call", "summary": "A", "opportunity_id": deal["id"], "status": "held"}

    future = await rep.post("/activities", {**body, "held_at": hours_from_now(1)}, expect=422)
    past = await rep.post("/activities", {**body, "held_at": "2026-01-02T03:04:05Z"})

    assert (future["errors"][0]["pointer"], future["errors"][0]["code"]) == ("/held_at", "in_the_future")
    assert past["held_at"] == "2026-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "telepathy"),
        ("status", "cancelled"),
        ("summary", " "),
        ("planned_at", "2030-01-02T03:04:05"),
        ("duration_minutes", -1),
        ("held_at", "2026-01-02T03:04:05Z"),
        ("team_id", UNKNOWN_ID),
        ("version", 3),
    ],
)
async def test_refuses_bad_input_at_its_pointer(department: Department, field: str, value: object) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    body = {"kind": "call", "summary": "A", "opportunity_id": deal["id"], field: value}

    problem = await rep.post("/activities", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]


async def test_a_representative_plans_for_nobody_else_but_a_manager_does(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal = await open_deal(rep)
    body = {"kind": "call", "summary": "A", "opportunity_id": deal["id"]}

    problem = await rep.post("/activities", {**body, "owner_id": str(manager.user_id)}, expect=403)
    given = await manager.post("/activities", {**body, "owner_id": str(rep.user_id)})

    assert problem["code"] == "forbidden"
    assert given["owner_id"] == str(rep.user_id)


async def test_a_colleagues_activity_does_not_exist_but_the_manager_sees_and_changes_it(department: Department) -> None:
    rep, colleague = await department.representative("north_west"), await department.representative("north_west")
    manager, stranger = await department.manager("north"), await department.manager("south")
    deal = await open_deal(rep)
    activity = await plan_activity(rep, opportunity_id=deal["id"])
    path = f"/activities/{activity['id']}"

    unseen = await colleague.get(path, expect=404)
    await stranger.patch(path, {"summary": "Ours"}, expect=404)
    changed = await manager.patch(path, {"summary": "Call again"})

    assert unseen["code"] == "not_found"
    assert changed["summary"] == "Call again"
    assert (await colleague.get("/activities", opportunity_id=deal["id"]))["items"] == []
    assert [item["id"] for item in (await manager.get("/activities"))["items"]] == [activity["id"]]


async def test_another_organizations_activity_does_not_exist(
    department: Department, other_department: Department
) -> None:
    stranger = await other_department.representative()
    activity = await plan_activity(stranger, opportunity_id=(await open_deal(stranger))["id"])
    path, operations = f"/activities/{activity['id']}", department.operations

    await operations.get(path, expect=404)
    await operations.patch(path, {"summary": "Ours"}, expect=404)
    await operations.post(f"{path}/completion", {"status": "held"}, expect=404)

    assert (await operations.get("/activities"))["items"] == []
    assert await stranger.get(path) == activity


async def test_a_change_is_published_with_what_was_before(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    activity = await plan_activity(rep, "call", opportunity_id=deal["id"])

    changed = await rep.patch(f"/activities/{activity['id']}", {"kind": "meeting", "duration_minutes": 30})

    event = await last_event(owner, deal["id"])
    assert (changed["kind"], changed["duration_minutes"], changed["version"]) == ("meeting", 30, 2)
    assert (event["type"], event["subject"]["sequence"]) == ("activity.updated", 3)
    assert event["data"]["before"] == {"kind": "call", "duration_minutes": None}


async def test_a_patch_moves_neither_the_status_nor_what_it_is_about(department: Department) -> None:
    rep = await department.representative()
    activity = await plan_activity(rep, opportunity_id=(await open_deal(rep))["id"])

    status = await rep.patch(f"/activities/{activity['id']}", {"status": "held"}, expect=422)
    about = await rep.patch(f"/activities/{activity['id']}", {"opportunity_id": str(uuid4())}, expect=422)

    assert [status["errors"][0]["pointer"], about["errors"][0]["pointer"]] == ["/status", "/opportunity_id"]


async def test_refuses_a_stale_version(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    path = f"/activities/{(await plan_activity(rep, opportunity_id=deal['id']))['id']}"
    await rep.patch(path, {"summary": "B"})

    stale = await rep.request("PATCH", path, json={"summary": "C"}, headers={"If-Match": '"1"'})

    assert stale.status_code == 412
    assert (await rep.get(path))["summary"] == "B"
    assert len(await events_of(owner, deal["id"])) == 3


async def test_an_activity_is_not_given_to_somebody_beyond_the_reach(department: Department) -> None:
    manager, southerner = await department.manager("north"), await department.representative("south")
    northerner = await department.representative("north_west")
    path = f"/activities/{(await plan_activity(manager, opportunity_id=(await open_deal(manager))['id']))['id']}"

    problem = await manager.patch(path, {"owner_id": str(southerner.user_id)}, expect=403)
    given = await manager.patch(path, {"owner_id": str(northerner.user_id)})

    assert problem["code"] == "forbidden"
    assert (given["owner_id"], given["team_id"]) == (str(northerner.user_id), str(department.teams["north_west"]))


async def test_a_second_external_id_is_a_conflict(department: Department) -> None:
    rep = await department.representative()
    body = {"kind": "call", "summary": "A", "opportunity_id": (await open_deal(rep))["id"], "external_id": "x-1"}
    await rep.post("/activities", body)

    problem = await rep.post("/activities", body, expect=409)

    assert (problem["code"], problem["errors"][0]["pointer"]) == ("already_exists", "/external_id")


async def test_lists_by_kind_status_subject_and_time(department: Department) -> None:
    rep = await department.representative()
    deal, account = await open_deal(rep), await rep.post("/accounts", {"name": "Acme"})
    call = await hold_activity(rep, "call", opportunity_id=deal["id"])
    meeting = await plan_activity(rep, "meeting", opportunity_id=deal["id"], planned_at="2030-05-01T10:00:00Z")
    task = await plan_activity(rep, "task", account_id=account["id"])

    found = {
        "kinds": await rep.get("/activities", kind=["call", "task"], sort="created_at"),
        "held": await rep.get("/activities", status="held"),
        "deal": await rep.get("/activities", opportunity_id=deal["id"], sort="created_at"),
        "account": await rep.get("/activities", account_id=account["id"]),
        "held since": await rep.get("/activities", held_at_gte=hours_from_now(-1)),
        "held later": await rep.get("/activities", held_at_gte=hours_from_now(1)),
        "planned": await rep.get(
            "/activities", planned_at_gte="2030-05-01T00:00:00Z", planned_at_lte="2030-05-02T00:00:00Z"
        ),
    }

    assert {name: [item["id"] for item in page["items"]] for name, page in found.items()} == {
        "kinds": [call["id"], task["id"]],
        "held": [call["id"]],
        "deal": [call["id"], meeting["id"]],
        "account": [task["id"]],
        "held since": [call["id"]],
        "held later": [],
        "planned": [meeting["id"]],
    }


async def test_pages_follow_each_other(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    ids = [(await plan_activity(rep, opportunity_id=deal["id"]))["id"] for _ in range(3)]

    first = await rep.get("/activities", sort="created_at", limit=2, kind="call")
    second = await rep.get("/activities", sort="created_at", limit=2, kind="call", cursor=first["next_cursor"])

    assert [item["id"] for page in (first, second) for item in page["items"]] == ids
    assert second["next_cursor"] is None


async def test_support_records_activities_of_its_team(department: Department) -> None:
    rep, support = await department.representative(), await department.hire(Position.SALES_SUPPORT_SPECIALIST)
    activity = await plan_activity(rep, opportunity_id=(await open_deal(rep))["id"])

    held = await support.post(f"/activities/{activity['id']}/completion", {"status": "held"}, expect=200)

    assert held["status"] == "held"
