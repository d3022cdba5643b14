import asyncio

import pytest

from app.people.permissions import Position
from tests.department import Department

NEW = {"name": "Ada", "email": "ada@example.com", "position": "account_executive"}


async def test_adds_a_person_who_is_active(department: Department) -> None:
    user = await department.operations.post("/users", {**NEW, "team_id": str(department.teams["north"])})

    assert (user["position"], user["is_active"], user["version"]) == ("account_executive", True, 1)
    assert await department.operations.get(f"/users/{user['id']}") == user


async def test_two_people_cannot_share_an_address_in_any_case(department: Department) -> None:
    await department.operations.post("/users", NEW)

    problem = await department.operations.post("/users", {**NEW, "email": "ADA@example.com"}, expect=409)

    assert problem["errors"][0]["pointer"] == "/email"


@pytest.mark.parametrize(
    ("field", "value"),
    [("position", "king"), ("email", "nobody"), ("name", ""), ("name", None), ("is_active", None), ("id", "x")],
)
async def test_refuses_wrong_values_by_pointer(department: Department, field: str, value: object) -> None:
    user = await department.operations.post("/users", NEW)

    problem = await department.operations.patch(f"/users/{user['id']}", {field: value}, expect=422)

    assert problem["errors"][0]["pointer"] == f"/{field}"
    assert await department.operations.get(f"/users/{user['id']}") == user


async def test_refuses_a_team_of_another_organization(department: Department, other_department: Department) -> None:
    body = {**NEW, "team_id": str(other_department.teams["north"])}

    problem = await department.operations.post("/users", body, expect=422)

    assert problem["errors"][0]["pointer"] == "/team_id"


async def test_filters_by_position_team_activity_and_words(department: Department) -> None:
    rep, manager = await department.representative("north"), await department.manager("south")
    await department.operations.patch(f"/users/{rep.user_id}", {"is_active": False, "name": "Grace"})

    by_position = await department.operations.get("/users", position=["sales_representative", "sales_manager"])
    by_team = await department.operations.get("/users", team_id=str(department.teams["south"]))
    inactive = await department.operations.get("/users", is_active="false")
    by_words = await department.operations.get("/users", q="grac")

    assert {user["id"] for user in by_position["items"]} == {str(rep.user_id), str(manager.user_id)}
    assert [user["id"] for user in by_team["items"]] == [str(manager.user_id)]
    assert (
        [user["id"] for user in inactive["items"]] == [user["id"] for user in by_words["items"]] == [str(rep.user_id)]
    )


async def test_a_deactivated_users_keys_stop_working_until_they_come_back(department: Department) -> None:
    rep = await department.representative()

    await department.operations.patch(f"/users/{rep.user_id}", {"is_active": False})
    refused = await rep.get("/me", expect=401)
    await department.operations.patch(f"/users/{rep.user_id}", {"is_active": True})

    assert refused["code"] == "unauthenticated"
    assert (await rep.get("/me"))["user"]["is_active"] is True


async def test_a_new_position_acts_at_once(department: Department) -> None:
    rep = await department.representative()
    await rep.get("/users", expect=403)

    await department.operations.patch(f"/users/{rep.user_id}", {"position": "sales_manager"})

    assert len((await rep.get("/users"))["items"]) == 2


@pytest.mark.parametrize("change", [{"is_active": False}, {"position": "sales_manager"}])
async def test_the_last_manager_of_operations_stays(department: Department, change: dict[str, object]) -> None:
    colleague = await department.hire(Position.SALES_OPERATIONS_MANAGER)
    await department.operations.patch(f"/users/{colleague.user_id}", change)

    problem = await department.operations.patch(f"/users/{department.operations.user_id}", change, expect=409)

    assert problem["code"] == "last_operations_manager"
    assert (await department.operations.get("/me"))["user"]["version"] == 1


async def test_managers_of_operations_cannot_all_leave_at_the_same_moment(department: Department) -> None:
    colleagues = [await department.hire(Position.SALES_OPERATIONS_MANAGER) for _ in range(5)]
    people = (department.operations, *colleagues)

    answers = await asyncio.gather(
        *(each.request("PATCH", f"/users/{each.user_id}", json={"position": "sales_manager"}) for each in people)
    )

    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 200, 409]


async def test_refuses_a_stale_version(department: Department) -> None:
    rep = await department.representative()
    await department.operations.patch(f"/users/{rep.user_id}", {"name": "Ada"})

    stale = await department.operations.request(
        "PATCH", f"/users/{rep.user_id}", json={"name": "Eve"}, headers={"If-Match": '"1"'}
    )

    assert stale.status_code == 412
    assert (await department.operations.get(f"/users/{rep.user_id}"))["name"] == "Ada"


async def test_of_two_changes_of_the_same_version_one_is_refused(department: Department) -> None:
    rep = await department.representative()

    answers = await asyncio.gather(
        *(
            department.operations.request(
                "PATCH", f"/users/{rep.user_id}", json={"name": name}, headers={"If-Match": '"1"'}
            )
            for name in ("Ada", "Eve", "Joy", "Kay", "Lou", "Mia")
        )
    )

    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]


async def test_people_of_another_organization_do_not_exist(
    department: Department, other_department: Department
) -> None:
    stranger = await other_department.representative()

    await department.operations.get(f"/users/{stranger.user_id}", expect=404)
    await department.operations.patch(f"/users/{stranger.user_id}", {"name": "Mine"}, expect=404)

    assert (await other_department.operations.get(f"/users/{stranger.user_id}"))["name"] == "Someone"
