from typing import Any

import asyncpg
import pytest

from tests.builders.leads import disqualified_lead
from tests.department import Department

RECORDS: list[dict[str, Any]] = [
    {"name": "Ann Field", "company_name": "Fields Ltd", "email": "Ann@fields.example", "source": "web"},
    {"name": "Ben Moss", "company_name": "Moss 50% Ltd", "source": "trade fair", "external_id": "x-1"},
    {"name": "Cleo Reed", "email": "cleo@reed.example", "source": "web"},
]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({"source": "web"}, {"Ann Field", "Cleo Reed"}),
        ({"source": ["web", "trade fair"]}, {"Ann Field", "Ben Moss", "Cleo Reed"}),
        ({"stage": "prospecting"}, {"Ann Field", "Ben Moss", "Cleo Reed"}),
        ({"stage": "disqualified"}, {"Given up"}),
        ({"outcome": "disqualified"}, {"Given up"}),
        ({"outcome": ["open", "disqualified"]}, {"Ann Field", "Ben Moss", "Cleo Reed", "Given up"}),
        ({"email": "ann@FIELDS.example"}, {"Ann Field"}),
        ({"external_id": "x-1"}, {"Ben Moss"}),
        ({"q": "fields"}, {"Ann Field"}),
        ({"q": "50%"}, {"Ben Moss"}),
        ({"q": "%"}, set()),
        ({"q": "REED.example"}, {"Cleo Reed"}),
        ({"created_at_gte": "2999-01-01T00:00:00Z"}, set()),
        ({"created_at_lte": "2000-01-01T00:00:00Z"}, set()),
        ({"source": "web", "q": "cleo"}, {"Cleo Reed"}),
    ],
)
async def test_leads_are_found_by_what_is_asked(
    department: Department, filters: dict[str, Any], names: set[str]
) -> None:
    rep = await department.representative()
    for record in RECORDS:
        await rep.post("/leads", record)
    await disqualified_lead(rep)

    page = await rep.get("/leads", **filters)

    assert {lead["name"] for lead in page["items"]} == names


async def test_leads_are_found_by_owner_and_by_team(department: Department) -> None:
    manager = await department.manager("north")
    north, west = await department.representative("north"), await department.representative("north_west")
    await north.post("/leads", {"name": "Of the north"})
    await west.post("/leads", {"name": "Of the north west"})

    by_owner = await manager.get("/leads", owner_id=str(west.user_id))
    by_team = await manager.get("/leads", team_id=str(department.teams["north"]))

    assert [lead["name"] for lead in by_owner["items"]] == ["Of the north west"]
    assert [lead["name"] for lead in by_team["items"]] == ["Of the north"]


async def test_a_filter_does_not_widen_the_reach(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    await stranger.post("/leads", {"name": "Theirs", "email": "t@theirs.example"})

    by_owner = await rep.get("/leads", owner_id=str(stranger.user_id))
    by_email = await rep.get("/leads", email="t@theirs.example")

    assert by_owner["items"] == by_email["items"] == []


@pytest.mark.parametrize("sort", ["created_at", "updated_at", "name", "stage_entered_at"])
@pytest.mark.parametrize("sign", ["", "-"])
async def test_pages_follow_each_other_in_every_order(department: Department, sort: str, sign: str) -> None:
    rep = await department.representative()
    names = ["A", "B", "C", "D", "E"]
    for name in names:
        await rep.post("/leads", {"name": name})

    first = await rep.get("/leads", sort=sign + sort, limit=2)
    second = await rep.get("/leads", sort=sign + sort, limit=2, cursor=first["next_cursor"])
    third = await rep.get("/leads", sort=sign + sort, limit=2, cursor=second["next_cursor"])

    listed = [lead["name"] for page in (first, second, third) for lead in page["items"]]
    assert listed == (names[::-1] if sign else names)
    assert third["next_cursor"] is None


async def test_leads_of_another_organization_are_not_listed(
    department: Department, other_department: Department
) -> None:
    await (await department.representative()).post("/leads", {"name": "Ours"})
    await (await other_department.representative()).post("/leads", {"name": "Theirs"})

    page = await department.operations.get("/leads")

    assert [lead["name"] for lead in page["items"]] == ["Ours"]


@pytest.mark.parametrize(
    ("parameters", "pointer"),
    [
        ({"sort": "email"}, "/query/sort"),
        ({"limit": 201}, "/query/limit"),
        ({"limit": 0}, "/query/limit"),
        ({"outcome": "sleeping"}, "/query/outcome/0"),
        ({"owner_id": "somebody"}, "/query/owner_id"),
        ({"team_id": "1"}, "/query/team_id"),
        ({"created_at_gte": "yesterday"}, "/query/created_at_gte"),
        ({"created_at_lte": ""}, "/query/created_at_lte"),
        ({"q": ""}, "/query/q"),
        ({"cursor": "!"}, "/query/cursor"),
        ({"colour": "red"}, "/query"),
    ],
)
async def test_refuses_what_cannot_be_asked(department: Department, parameters: dict[str, Any], pointer: str) -> None:
    problem = await department.operations.get("/leads", expect=422, **parameters)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    "parameters",
    [
        {"q": "a\0b"},
        {"email": "\0"},
        {"stage": ["prospecting", "\0"]},
        {"created_at_gte": "0001-01-01T00:00:00+14:00"},
        {"created_at_lte": "9999-12-31T23:59:59-14:00"},
    ],
)
async def test_what_no_database_can_hold_is_the_callers_mistake(
    department: Department, parameters: dict[str, Any]
) -> None:
    problem = await department.operations.get("/leads", expect=422, **parameters)

    assert problem["code"] == "invalid"


async def test_a_list_writes_no_event(department: Department, owner: asyncpg.Connection) -> None:
    await department.operations.get("/leads")

    count = await owner.fetchval("SELECT count(*) FROM events WHERE organization_id = $1", department.organization_id)
    assert count == 0
