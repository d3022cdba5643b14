import asyncio
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.leads import converted_lead, disqualified_lead, event_bodies
from tests.department import Department


async def test_one_hands_over_ones_own_lead(department: Department, owner: asyncpg.Connection) -> None:
    developer = await department.hire(Position.BUSINESS_DEVELOPMENT_REPRESENTATIVE, "north")
    executive = await department.hire(Position.ACCOUNT_EXECUTIVE, "south")
    lead = await developer.post("/leads", {"name": "Ann"})

    answer = await developer.request(
        "POST",
        f"/leads/{lead['id']}/assignment",
        json={"owner_id": str(executive.user_id), "reason": "It is in your region"},
    )

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
    assigned = answer.json()
    assert (assigned["owner_id"], assigned["team_id"]) == (str(executive.user_id), str(department.teams["south"]))
    await developer.get(f"/leads/{lead['id']}", expect=404)
    assert await executive.get(f"/leads/{lead['id']}") == assigned
    event = (await event_bodies(owner, lead["id"]))[-1]
    assert (event["type"], event["subject"]["sequence"]) == ("lead.assigned", 2)
    assert event["data"]["changed"] == ["owner_id", "team_id"]
    assert event["data"]["before"] == {"owner_id": str(developer.user_id), "team_id": str(department.teams["north"])}
    assert event["data"]["object"] == assigned | {"assignment_reason": "It is in your region"}


async def test_a_manager_takes_over_a_lead_of_a_team_below(department: Department) -> None:
    manager, rep = await department.manager("north"), await department.representative("north_west")
    lead = await rep.post("/leads", {"name": "Ann"})

    assigned = await manager.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(manager.user_id)}, expect=200)

    assert (assigned["owner_id"], assigned["team_id"]) == (str(manager.user_id), str(department.teams["north"]))


async def test_operations_assign_any_lead(department: Department) -> None:
    rep, other = await department.representative("north"), await department.representative("south")
    lead = await rep.post("/leads", {"name": "Ann"})

    assigned = await department.operations.post(
        f"/leads/{lead['id']}/assignment", {"owner_id": str(other.user_id)}, expect=200
    )

    assert assigned["owner_id"] == str(other.user_id)


async def test_an_owner_without_a_team_takes_the_lead_out_of_the_team(department: Department) -> None:
    rep, alone = await department.representative(), await department.representative(None)
    lead = await rep.post("/leads", {"name": "Ann"})

    assigned = await rep.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(alone.user_id)}, expect=200)

    assert (assigned["owner_id"], assigned["team_id"]) == (str(alone.user_id), None)


async def test_a_colleagues_lead_cannot_be_given_away(department: Department, other_department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    account_manager = await department.hire(Position.ACCOUNT_MANAGER)
    distant, foreign = await department.manager("south"), other_department.operations
    lead = await rep.post("/leads", {"name": "Ann"})
    path = f"/leads/{lead['id']}/assignment"

    await colleague.post(path, {"owner_id": str(colleague.user_id)}, expect=403)
    await account_manager.post(path, {"owner_id": str(account_manager.user_id)}, expect=403)
    await distant.post(path, {"owner_id": str(distant.user_id)}, expect=404)
    await foreign.post(path, {"owner_id": str(foreign.user_id)}, expect=404)
    await rep.post(f"/leads/{uuid4()}/assignment", {"owner_id": str(rep.user_id)}, expect=404)

    assert await rep.get(f"/leads/{lead['id']}") == lead


async def test_refuses_an_owner_who_has_left(department: Department, owner: asyncpg.Connection) -> None:
    rep, gone = await department.representative(), await department.representative()
    await owner.execute("UPDATE users SET is_active = false WHERE id = $1", gone.user_id)
    lead = await rep.post("/leads", {"name": "Ann"})

    problem = await rep.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(gone.user_id)}, expect=422)

    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [("/owner_id", "unknown_reference")]
    assert await rep.get(f"/leads/{lead['id']}") == lead


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/owner_id"),
        ({"owner_id": None}, "/owner_id"),
        ({"owner_id": "somebody"}, "/owner_id"),
        ({"owner_id": 7}, "/owner_id"),
        ({"owner_id": "0198c1f2-a7b4-7000-8000-000000000000"}, "/owner_id"),
        ({"owner_id": "0198c1f2-a7b4-7000-8000-000000000000", "reason": ""}, "/reason"),
        ({"owner_id": "0198c1f2-a7b4-7000-8000-000000000000", "reason": 7}, "/reason"),
        ({"owner_id": "0198c1f2-a7b4-7000-8000-000000000000", "team_id": None}, "/team_id"),
    ],
)
async def test_refuses_a_wrong_assignment_at_its_place(
    department: Department, body: dict[str, Any], pointer: str
) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    problem = await rep.post(f"/leads/{lead['id']}/assignment", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_giving_a_lead_to_its_owner_changes_and_publishes_nothing(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    assigned = await rep.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(rep.user_id)}, expect=200)

    assert assigned == lead
    assert [event["type"] for event in await event_bodies(owner, lead["id"])] == ["lead.created"]


async def test_a_lead_follows_its_owner_to_another_team(department: Department, owner: asyncpg.Connection) -> None:
    rep, manager = await department.representative("north"), await department.manager("north")
    lead = await rep.post("/leads", {"name": "Ann"})
    await owner.execute("UPDATE users SET team_id = $1 WHERE id = $2", department.teams["south"], rep.user_id)

    assigned = await manager.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(rep.user_id)}, expect=200)

    assert (assigned["team_id"], assigned["version"]) == (str(department.teams["south"]), 2)
    assert (await event_bodies(owner, lead["id"]))[-1]["data"]["changed"] == ["team_id"]


async def test_refuses_a_stale_version(department: Department) -> None:
    rep, other = await department.representative(), await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})
    await rep.patch(f"/leads/{lead['id']}", {"title": "Director"})

    stale = await rep.request(
        "POST", f"/leads/{lead['id']}/assignment", json={"owner_id": str(other.user_id)}, headers={"If-Match": '"1"'}
    )

    assert stale.status_code == 412
    assert (await rep.get(f"/leads/{lead['id']}"))["owner_id"] == str(rep.user_id)


async def test_of_concurrent_hand_overs_of_one_version_exactly_one_passes(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    others = [await department.representative() for _ in range(4)]
    lead = await rep.post("/leads", {"name": "Ann"})

    answers = await asyncio.gather(
        *(
            department.operations.request(
                "POST",
                f"/leads/{lead['id']}/assignment",
                json={"owner_id": str(other.user_id)},
                headers={"If-Match": '"1"'},
            )
            for other in others
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
    assert [event["subject"]["sequence"] for event in await event_bodies(owner, lead["id"])] == [1, 2]


async def test_a_lead_that_ended_keeps_its_owner(department: Department, owner: asyncpg.Connection) -> None:
    rep, other = await department.representative(), await department.representative()
    for lead in (await disqualified_lead(rep), await converted_lead(rep)):
        problem = await rep.post(f"/leads/{lead['id']}/assignment", {"owner_id": str(other.user_id)}, expect=409)

        assert problem["code"] == "lead_closed"
        assert await rep.get(f"/leads/{lead['id']}") == lead
        assert "lead.assigned" not in {event["type"] for event in await event_bodies(owner, lead["id"])}


async def test_a_patch_cannot_name_an_owner(department: Department) -> None:
    rep, other = await department.representative(), await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    problem = await rep.patch(f"/leads/{lead['id']}", {"owner_id": str(other.user_id)}, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == ["/owner_id"]
