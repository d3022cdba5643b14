"""Who sees and who sets a target; the rest of the matrix is walked in tests/people."""

from uuid import uuid4

import pytest

from app.people.permissions import Position
from tests.builders.targets import set_target
from tests.department import Department, Json

SEEING = [
    (position, team)
    for position in Position
    for team in ("north", "north_west", "south")
    if position not in {Position.SALES_OPERATIONS_MANAGER, Position.SALES_OPERATIONS_SPECIALIST}
]
PATHS = ("", "/allocations", "/attainment", "/attainment/deals")


@pytest.mark.parametrize(("position", "team"), SEEING)
async def test_a_target_is_seen_from_its_team_and_the_teams_above(
    department: Department, position: Position, team: str
) -> None:
    actor = await department.hire(position, "north")
    target = await set_target(department, team)

    status = 404 if team == "south" else 200

    for path in PATHS:
        await actor.get(f"/team-targets/{target['id']}{path}", expect=status)
    listed = (await actor.get("/team-targets"))["items"]
    assert [each["id"] for each in listed] == ([target["id"]] if status == 200 else [])


async def test_a_target_of_the_team_above_is_out_of_sight(department: Department) -> None:
    rep = await department.representative("north_west")
    target = await set_target(department, "north")

    await rep.get(f"/team-targets/{target['id']}", expect=404)


async def test_an_own_target_is_seen_after_leaving_the_team(department: Department) -> None:
    rep = await department.representative("north")
    target = await set_target(department, "north", rep)
    await department.operations.patch(f"/users/{rep.user_id}", {"team_id": str(department.teams["south"])})

    assert await rep.get(f"/team-targets/{target['id']}") == target
    assert [each["id"] for each in (await rep.get("/team-targets"))["items"]] == [target["id"]]


@pytest.mark.parametrize("path", PATHS)
async def test_another_organizations_target_does_not_exist(
    department: Department, other_department: Department, path: str
) -> None:
    target = await set_target(other_department)

    foreign = await department.operations.get(f"/team-targets/{target['id']}{path}", expect=404)
    unknown = await department.operations.get(f"/team-targets/{uuid4()}{path}", expect=404)

    assert {**foreign, "instance": "", "request_id": ""} == {**unknown, "instance": "", "request_id": ""}


async def test_another_organizations_target_cannot_be_changed(
    department: Department, other_department: Department
) -> None:
    target = await set_target(other_department)
    path = f"/team-targets/{target['id']}"

    await department.operations.patch(path, {"target_value": "1"}, expect=404)
    await department.operations.put(f"{path}/allocations", [], expect=404)
    await department.operations.delete(path, expect=404)

    assert await other_department.operations.get(path) == target


@pytest.mark.parametrize(
    ("team", "whose", "status"),
    [
        ("north", None, 403),
        ("north", "manager", 403),
        ("north", "member", 201),
        ("north_west", None, 201),
        ("north_west", "member", 201),
        ("south", None, 403),
        ("south", "member", 403),
    ],
)
async def test_a_manager_sets_targets_of_members_and_of_teams_below(
    department: Department, team: str, whose: str | None, status: int
) -> None:
    manager, member = await department.manager("north"), await department.representative(team)
    people = {"manager": manager, "member": member}
    body: Json = {
        "team_id": str(department.teams[team]),
        "user_id": str(people[whose].user_id) if whose else None,
        "metric": "deals_won",
        "period": "2026Q4",
        "target_value": "4",
    }

    await manager.post("/team-targets", body, expect=status)


async def test_a_manager_never_touches_the_own_target_nor_the_own_teams(department: Department) -> None:
    manager = await department.manager("north")
    own, teams = await set_target(department, "north", manager), await set_target(department, "north")

    for target in (own, teams):
        await manager.patch(f"/team-targets/{target['id']}", {"target_value": "1"}, expect=403)
        await manager.delete(f"/team-targets/{target['id']}", expect=403)

    assert await manager.get(f"/team-targets/{own['id']}") == own
    assert await manager.get(f"/team-targets/{teams['id']}") == teams


async def test_a_manager_without_a_team_sets_nothing(department: Department) -> None:
    manager = await department.manager(None)
    body = {"team_id": str(department.teams["north"]), "metric": "deals_won", "period": "2026", "target_value": "1"}

    await manager.post("/team-targets", body, expect=403)


@pytest.mark.parametrize(
    "position", [each for each in Position if each not in {"sales_manager", "sales_operations_manager"}]
)
async def test_nobody_else_sets_a_target(department: Department, position: Position) -> None:
    actor = await department.hire(position)
    target = await set_target(department, "north_west")
    path = f"/team-targets/{target['id']}"

    await actor.post("/team-targets", {"team_id": target["team_id"]}, expect=403)
    await actor.patch(path, {"target_value": "1"}, expect=403)
    await actor.put(f"{path}/allocations", [], expect=403)
    await actor.delete(path, expect=403)

    assert await department.operations.get(path) == target
