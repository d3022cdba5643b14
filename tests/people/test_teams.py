import asyncio

from tests.builders.outcomes import open_deal_of
from tests.department import Department


async def test_a_new_team_stands_below_its_parent(department: Department) -> None:
    manager = await department.manager("north")

    team = await department.operations.post(
        "/teams",
        {"name": "north_east", "parent_id": str(department.teams["north"]), "manager_id": str(manager.user_id)},
    )

    below = await department.operations.get("/teams", parent_id=str(department.teams["north"]), sort="name")
    assert [each["name"] for each in below["items"]] == ["north_east", "north_west"]
    assert await department.operations.get(f"/teams/{team['id']}") == team


async def test_a_manager_reaches_a_team_as_soon_as_it_stands_below(department: Department) -> None:
    manager = await department.manager("north")
    deal = await open_deal_of(department, await department.representative("south"))
    await manager.get(f"/opportunities/{deal}", expect=404)

    await department.operations.patch(
        f"/teams/{department.teams['south']}", {"parent_id": str(department.teams["north_west"])}
    )

    await manager.get(f"/opportunities/{deal}")


async def test_a_team_cannot_stand_below_itself(department: Department) -> None:
    north, north_west = department.teams["north"], department.teams["north_west"]

    own = await department.operations.patch(f"/teams/{north}", {"parent_id": str(north)}, expect=409)
    deeper = await department.operations.patch(f"/teams/{north}", {"parent_id": str(north_west)}, expect=409)

    assert own["code"] == deeper["code"] == "team_cycle"
    assert (await department.operations.get(f"/teams/{north}"))["parent_id"] is None


async def test_two_moves_at_the_same_moment_cannot_close_a_circle(department: Department) -> None:
    north, south = department.teams["north"], department.teams["south"]
    moves = ((north, south), (south, north))

    answers = await asyncio.gather(
        *(
            department.operations.request("PATCH", f"/teams/{team}", json={"parent_id": str(parent)})
            for team, parent in moves
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_refuses_a_manager_who_is_not_active(department: Department) -> None:
    manager = await department.manager("north")
    await department.operations.patch(f"/users/{manager.user_id}", {"is_active": False})

    problem = await department.operations.patch(
        f"/teams/{department.teams['north']}", {"manager_id": str(manager.user_id)}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/manager_id"


async def test_refuses_a_parent_of_another_organization_and_a_name_that_is_taken(
    department: Department, other_department: Department
) -> None:
    theirs = str(other_department.teams["north"])

    foreign = await department.operations.post("/teams", {"name": "east", "parent_id": theirs}, expect=422)
    taken = await department.operations.post("/teams", {"name": "north"}, expect=409)

    assert foreign["errors"][0]["pointer"] == "/parent_id"
    assert taken["errors"][0]["pointer"] == "/name"
    await department.operations.patch(f"/teams/{theirs}", {"name": "mine"}, expect=404)
