import pytest

from app.people.permissions import MATRIX, Position
from tests.department import Department


async def test_tells_who_is_calling_and_how_far_each_permission_reaches(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    await department.operations.patch(f"/teams/{department.teams['north']}", {"manager_id": str(manager.user_id)})

    me = await rep.get("/me")

    assert me["user"]["id"] == str(rep.user_id)
    assert me["position"] == "sales_representative"
    assert me["team"]["name"] == "north"
    assert me["manager"] == {"id": str(manager.user_id), "name": "Someone"}
    assert me["organization"]["id"] == str(department.organization_id)
    assert (me["permissions"]["opportunities.read"], me["permissions"]["opportunities.write"]) == ("team", "own")
    assert (me["permissions"]["people.write"], me["permissions"]["accounts.read"]) == ("none", "organization")


async def test_somebody_without_a_team_has_no_manager(department: Department) -> None:
    me = await department.operations.get("/me")

    assert (me["team"], me["manager"]) == (None, None)


async def test_every_position_is_described_with_its_part_of_the_matrix(department: Department) -> None:
    rep = await department.representative()

    positions = (await rep.get("/positions"))["items"]

    assert [each["position"] for each in positions] == list(Position)
    assert all(set(each["permissions"]) == set(MATRIX) and each["does"] and each["title"] for each in positions)
    assert positions[0]["permissions"] == (await rep.get("/me"))["permissions"]


async def test_the_organization_is_read_by_all_and_changed_by_operations(department: Department) -> None:
    rep = await department.representative()
    changes = {
        "name": "Globex",
        "time_zone": "Africa/Nairobi",
        "fiscal_year_start_month": 7,
        "currency": "KES",
        "discount_limit_percent": "12.50",
    }

    changed = await department.operations.patch("/organization", changes)

    assert {name: changed[name] for name in changes} == changes
    assert changed["version"] == 2
    assert await rep.get("/organization") == changed
    await rep.patch("/organization", {"name": "Mine"}, expect=403)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "localtime"),
        ("fiscal_year_start_month", 0),
        ("fiscal_year_start_month", 13),
        ("currency", "usd"),
        ("discount_limit_percent", "100.01"),
        ("discount_limit_percent", "NaN"),
        ("name", None),
        ("version", 9),
    ],
)
async def test_refuses_wrong_values_of_the_organization(department: Department, field: str, value: object) -> None:
    problem = await department.operations.patch("/organization", {field: value}, expect=422)

    assert problem["errors"][0]["pointer"] == f"/{field}"


async def test_refuses_a_stale_organization(department: Department) -> None:
    await department.operations.patch("/organization", {"name": "Globex"})

    stale = await department.operations.request(
        "PATCH", "/organization", json={"name": "Initech"}, headers={"If-Match": '"1"'}
    )

    assert stale.status_code == 412
