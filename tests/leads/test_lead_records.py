import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.leads import converted_lead, count_of_leads, event_bodies
from tests.department import Department


async def test_a_new_lead_is_published_with_all_it_says(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()

    lead = await rep.post("/leads", {"name": "Ann", "source": "web", "phone": "+44 20 1234", "external_id": "x-1"})

    (event,) = await event_bodies(owner, lead["id"])
    assert (event["type"], event["subject"]) == ("lead.created", {"type": "lead", "id": lead["id"], "sequence": 1})
    assert event["actor"] == {"type": "user", "id": str(rep.user_id), "position": "sales_representative"}
    assert event["data"] == {"object": lead, "before": {}, "changed": []}


async def test_an_event_is_routed_by_pipeline_step_team_and_owner(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()

    lead = await rep.post("/leads", {"name": "Ann"})

    row = await owner.fetchrow(
        "SELECT pipeline_id, step, team_id, owner_id FROM events WHERE subject_id = $1", lead["id"]
    )
    assert {name: str(value) for name, value in dict(row).items()} == {
        name: lead[name] for name in ("pipeline_id", "step", "team_id", "owner_id")
    }


async def test_a_lead_is_pinned_to_the_lead_pipeline_that_is_named(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    pipelines = dict(
        await owner.fetch("SELECT subject, id FROM pipelines WHERE organization_id = $1", department.organization_id)
    )

    lead = await rep.post("/leads", {"name": "Ann", "pipeline_id": str(pipelines["lead"])})
    problem = await rep.post("/leads", {"name": "B", "pipeline_id": str(pipelines["opportunity"])}, expect=422)

    assert (lead["pipeline_id"], lead["pipeline_version"]) == (str(pipelines["lead"]), 1)
    assert [error["pointer"] for error in problem["errors"]] == ["/pipeline_id"]


async def test_refuses_a_pipeline_of_another_organization(department: Department, other_department: Department) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    theirs = await stranger.post("/leads", {"name": "Theirs"})

    problem = await rep.post("/leads", {"name": "Ann", "pipeline_id": theirs["pipeline_id"]}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == ["/pipeline_id"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": 7}, "/name"),
        ({"name": "Ann", "email": "ann"}, "/email"),
        ({"name": "Ann", "email": "ann@fields"}, "/email"),
        ({"name": "Ann", "email": ""}, "/email"),
        ({"name": "Ann", "email": "a@" + "b" * 252 + ".example"}, "/email"),
        ({"name": "Ann", "phone": "1"}, "/phone"),
        ({"name": "Ann", "owner_id": "me"}, "/owner_id"),
        ({"name": "Ann", "owner_id": "0198c1f2-a7b4-7000-8000-000000000000"}, "/owner_id"),
        ({"name": "Ann", "pipeline_id": "0198c1f2-a7b4-7000-8000-000000000000"}, "/pipeline_id"),
        ({"name": "Ann", "stage": "qualification"}, "/stage"),
        ({"name": "Ann", "outcome": "converted"}, "/outcome"),
        ({"name": "Ann", "version": 7}, "/version"),
        ({"name": "Ann", "team_id": None}, "/team_id"),
        ({"name": "Ann", "organization_id": "0198c1f2-a7b4-7000-8000-000000000000"}, "/organization_id"),
        ({"name": "Ann", "need": "Everything"}, "/need"),
        ({"name": "Ann", "allow_duplicate": None}, "/allow_duplicate"),
    ],
)
async def test_refuses_a_wrong_lead_at_its_place(
    department: Department, owner: asyncpg.Connection, body: dict[str, Any], pointer: str
) -> None:
    problem = await department.operations.post("/leads", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert await count_of_leads(owner, department) == 0


@pytest.mark.parametrize("field", ["stage", "outcome", "pipeline_id", "team_id", "version", "converted_at", "need"])
async def test_a_patch_cannot_set_what_only_the_workflow_sets(department: Department, field: str) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    problem = await rep.patch(f"/leads/{lead['id']}", {field: lead[field]}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("body", [{}, {"name": None}, {"email": "nobody"}, [], None, "name"])
async def test_refuses_a_patch_that_says_nothing_or_nonsense(department: Department, body: object) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    await rep.patch(f"/leads/{lead['id']}", body, expect=422)

    assert await rep.get(f"/leads/{lead['id']}") == lead


async def test_a_patch_changes_only_what_is_sent(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann", "title": "Director", "phone": "+44 20 1234"})

    changed = await rep.patch(f"/leads/{lead['id']}", {"title": "Chair", "phone": None})

    expected = {"title": "Chair", "phone": None, "version": 2, "updated_at": changed["updated_at"]}
    assert changed == lead | expected
    event = (await event_bodies(owner, lead["id"]))[-1]
    assert (event["type"], event["subject"]["sequence"]) == ("lead.updated", 2)
    assert event["data"]["before"] == {"title": "Director", "phone": "+44 20 1234"}
    assert event["data"]["object"] == changed


async def test_refuses_to_change_a_stale_version(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})
    await rep.patch(f"/leads/{lead['id']}", {"title": "Director"})

    stale = await rep.request("PATCH", f"/leads/{lead['id']}", json={"name": "B"}, headers={"If-Match": '"1"'})

    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    assert stale.json()["code"] == "precondition_failed"
    assert [event["subject"]["sequence"] for event in await event_bodies(owner, lead["id"])] == [1, 2]


async def test_concurrent_changes_are_numbered_without_gaps(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    await asyncio.gather(*(rep.patch(f"/leads/{lead['id']}", {"title": f"Title {number}"}) for number in range(8)))

    events = await event_bodies(owner, lead["id"])
    assert [event["subject"]["sequence"] for event in events] == list(range(1, 10))
    assert [event["data"]["object"]["version"] for event in events] == list(range(1, 10))


async def test_a_converted_lead_does_not_change(department: Department) -> None:
    rep = await department.representative()
    lead = await converted_lead(rep)

    problem = await rep.patch(f"/leads/{lead['id']}", {"title": "Director"}, expect=409)

    assert problem["code"] == "lead_closed"
    assert await rep.get(f"/leads/{lead['id']}") == lead


async def test_a_colleagues_lead_can_be_seen_but_not_changed(department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    lead = await colleague.post("/leads", {"name": "Ann"})

    seen = await rep.get(f"/leads/{lead['id']}")
    problem = await rep.patch(f"/leads/{lead['id']}", {"name": "Mine"}, expect=403)

    assert seen == lead
    assert problem["code"] == "forbidden"


async def test_another_organizations_lead_does_not_exist(department: Department, other_department: Department) -> None:
    lead = await (await other_department.representative()).post("/leads", {"name": "Theirs"})

    foreign = await department.operations.get(f"/leads/{lead['id']}", expect=404)
    unknown = await department.operations.get(f"/leads/{uuid4()}", expect=404)
    await department.operations.patch(f"/leads/{lead['id']}", {"name": "Ours"}, expect=404)

    assert {**foreign, "instance": "", "request_id": ""} == {**unknown, "instance": "", "request_id": ""}


@pytest.mark.parametrize("noun", ["accounts", "opportunities"])
async def test_another_kind_of_record_is_no_lead(department: Department, noun: str) -> None:
    rep = await department.representative()
    record = await rep.post(f"/{noun}", {"name": "Not a lead"})

    await rep.get(f"/leads/{record['id']}", expect=404)
    await rep.patch(f"/leads/{record['id']}", {"name": "A lead"}, expect=404)

    assert await rep.get(f"/{noun}/{record['id']}") == record


async def test_leads_are_made_for_those_within_reach_only(department: Department) -> None:
    manager, rep = await department.manager("north"), await department.representative("north_west")
    stranger = await department.representative("south")

    made = await manager.post("/leads", {"name": "Ann", "owner_id": str(rep.user_id)})
    await manager.post("/leads", {"name": "Ben", "owner_id": str(stranger.user_id)}, expect=403)
    await rep.post("/leads", {"name": "Cleo", "owner_id": str(manager.user_id)}, expect=403)

    assert (made["owner_id"], made["team_id"]) == (str(rep.user_id), str(department.teams["north_west"]))


@pytest.mark.parametrize("position", [Position.ACCOUNT_MANAGER, Position.SALES_SUPPORT_SPECIALIST])
async def test_who_only_reads_leads_makes_none(department: Department, position: Position) -> None:
    reader = await department.hire(position)

    problem = await reader.post("/leads", {"name": "Ann"}, expect=403)

    assert problem["code"] == "forbidden"


async def test_a_second_external_id_is_a_conflict_and_leaves_no_trace(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    await rep.post("/leads", {"name": "A", "external_id": "x-1"})
    other = await rep.post("/leads", {"name": "B"})

    created = await rep.post("/leads", {"name": "C", "external_id": "x-1"}, expect=409)
    changed = await rep.patch(f"/leads/{other['id']}", {"external_id": "x-1"}, expect=409)

    assert (created["code"], changed["code"]) == ("already_exists", "already_exists")
    assert [error["pointer"] for error in changed["errors"]] == ["/external_id"]
    assert [event["type"] for event in await event_bodies(owner, other["id"])] == ["lead.created"]


async def test_a_caller_without_a_credential_is_told_so(department: Department) -> None:
    answer = await department.http.get("/v1/leads")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
