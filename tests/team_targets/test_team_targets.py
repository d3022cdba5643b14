import json
from uuid import UUID

import asyncpg
import pytest

from tests.builders.evidence import UNKNOWN_ID, last_event
from tests.builders.targets import set_target
from tests.builders.won_deals import keep_time
from tests.department import Department, Json


async def test_a_target_gets_its_dates_from_the_fiscal_year(department: Department, owner: asyncpg.Connection) -> None:
    await keep_time(owner, department.operations, "UTC", fiscal_year_start_month=7)

    target = await set_target(department, period="2026Q1", target_value="250000")

    assert (target["starts_on"], target["ends_on"]) == ("2025-07-01", "2025-10-01")
    assert (target["target_value"], target["currency"], target["user_id"]) == ("250000.00", "USD", None)
    assert await department.operations.get(f"/team-targets/{target['id']}") == target


async def test_a_persons_target_counts_whole_numbers(department: Department) -> None:
    rep = await department.representative()

    target = await set_target(department, person=rep, metric="deals_won", target_value="12")

    assert (target["user_id"], target["target_value"], target["currency"]) == (str(rep.user_id), "12", None)


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"metric": "happiness"}, "/metric"),
        ({"period": "2026Q5"}, "/period"),
        ({"period": "٢٠٢٦"}, "/period"),
        ({"period": "20٢٦"}, "/period"),
        ({"period": "2026-11\n"}, "/period"),
        ({"target_value": "0"}, "/target_value"),
        ({"target_value": "-1"}, "/target_value"),
        ({"target_value": "NaN"}, "/target_value"),
        ({"target_value": "1.001"}, "/target_value"),
        ({"target_value": "1e30"}, "/target_value"),
        ({"currency": None}, "/currency"),
        ({"currency": "XYZ"}, "/currency"),
        ({"metric": "deals_won"}, "/currency"),
        ({"metric": "deals_won", "currency": None, "target_value": "1.5"}, "/target_value"),
        ({"starts_on": "2026-01-01"}, "/starts_on"),
        ({"team_id": UNKNOWN_ID}, "/team_id"),
        ({"user_id": UNKNOWN_ID}, "/user_id"),
    ],
    ids=str,
)
async def test_refuses_what_makes_no_target(department: Department, changes: Json, pointer: str) -> None:
    body = {
        "team_id": str(department.teams["north"]),
        "metric": "revenue_won",
        "period": "2026-11",
        "target_value": "1000.00",
        "currency": "USD",
    }

    problem = await department.operations.post("/team-targets", body | changes, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [pointer]


async def test_refuses_a_person_of_another_team(department: Department) -> None:
    stranger = await department.representative("south")
    body = {
        "team_id": str(department.teams["north"]),
        "user_id": str(stranger.user_id),
        "metric": "deals_won",
        "period": "2026",
        "target_value": "3",
    }

    problem = await department.operations.post("/team-targets", body, expect=422)

    assert problem["errors"][0]["pointer"] == "/user_id"


async def test_refuses_another_organizations_team(department: Department, other_department: Department) -> None:
    body = {
        "team_id": str(other_department.teams["north"]),
        "metric": "deals_won",
        "period": "2026",
        "target_value": "3",
    }

    problem = await department.operations.post("/team-targets", body, expect=422)

    assert problem["errors"][0]["pointer"] == "/team_id"


@pytest.mark.parametrize("is_personal", [False, True])
async def test_one_target_for_each_metric_and_period(department: Department, is_personal: bool) -> None:  # noqa: FBT001 # a case
    person = await department.representative() if is_personal else None
    target = await set_target(department, person=person)
    same = {name: target[name] for name in ("team_id", "user_id", "metric", "period", "target_value", "currency")}

    problem = await department.operations.post("/team-targets", same, expect=409)

    assert problem["code"] == "already_exists"
    assert problem["errors"][0]["pointer"] == "/period"


async def test_only_the_value_changes_and_only_of_the_version_that_was_read(
    department: Department, owner: asyncpg.Connection
) -> None:
    target = await set_target(department)
    path = f"/team-targets/{target['id']}"

    changed = await department.operations.patch(path, {"target_value": "2000"})
    stale = await department.operations.request(
        "PATCH", path, json={"target_value": "3000"}, headers={"If-Match": '"1"'}
    )
    moved = await department.operations.patch(path, {"target_value": "3000", "period": "2027"}, expect=422)

    assert changed == target | {"target_value": "2000.00", "version": 2, "updated_at": changed["updated_at"]}
    assert stale.status_code == 412
    assert moved["errors"][0]["pointer"] == "/period"
    event = await last_event(owner, target["id"])
    assert (event["type"], event["subject"]["sequence"]) == ("team_target.changed", 2)
    assert (event["data"]["before"], event["data"]["changed"]) == ({"target_value": "1000.00"}, ["target_value"])


async def test_setting_a_target_is_published(department: Department, owner: asyncpg.Connection) -> None:
    target = await set_target(department)

    event = await last_event(owner, target["id"])

    assert (event["type"], event["subject"]) == (
        "team_target.set",
        {"type": "team_target", "id": target["id"], "sequence": 1},
    )
    assert event["data"]["object"] == target | {"allocations": []}
    routed = await owner.fetchval("SELECT team_id FROM events WHERE subject_id = $1", UUID(target["id"]))
    assert routed == department.teams["north"]


async def test_a_deleted_target_is_gone_with_its_allocations_and_its_last_event_says_so(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    target = await set_target(department)
    path = f"/team-targets/{target['id']}"
    await department.operations.put(f"{path}/allocations", [{"user_id": str(rep.user_id), "value": "5"}])

    stale = await department.operations.request("DELETE", path, headers={"If-Match": '"1"'})
    await department.operations.delete(path)

    assert stale.status_code == 412
    await department.operations.get(path, expect=404)
    await department.operations.delete(path, expect=404)
    rows = await owner.fetch(
        "SELECT type, body FROM events WHERE subject_id = $1 ORDER BY sequence", UUID(target["id"])
    )
    assert [row["type"] for row in rows] == ["team_target.set", "team_target.changed", "team_target.deleted"]
    assert json.loads(rows[-1]["body"])["data"]["object"]["target_value"] == "1000.00"
    assert (await set_target(department))["id"] != target["id"]


async def test_lists_by_filters_and_start(department: Department) -> None:
    rep = await department.representative()
    for period in ("2026-10", "2026-11", "2026-12"):
        await set_target(department, period=period)
    await set_target(department, "south", metric="deals_won", target_value="3")
    await set_target(department, person=rep, metric="meetings_held", target_value="9")
    operations, north = department.operations, str(department.teams["north"])

    first = await operations.get("/team-targets", metric="revenue_won", sort="starts_on", limit=2)
    second = await operations.get(
        "/team-targets", metric="revenue_won", sort="starts_on", limit=2, cursor=first["next_cursor"]
    )
    of_team = await operations.get("/team-targets", team_id=north, starts_on_gte="2026-11-01", sort="-starts_on")
    of_person = await operations.get("/team-targets", user_id=str(rep.user_id))
    of_period = await operations.get(
        "/team-targets", period="2026-11", metric=["deals_won", "revenue_won"], starts_on_lte="2026-11-01"
    )

    assert [each["period"] for page in (first, second) for each in page["items"]] == ["2026-10", "2026-11", "2026-12"]
    assert [each["period"] for each in of_team["items"]] == ["2026-12", "2026-11", "2026-11"]
    assert [each["metric"] for each in of_person["items"]] == ["meetings_held"]
    assert [each["metric"] for each in of_period["items"]] == ["deals_won", "revenue_won"]


@pytest.mark.parametrize("query", [{"metric": "happiness"}, {"period": "soon"}, {"sort": "target_value"}], ids=str)
async def test_refuses_unknown_filters_and_sorts(department: Department, query: Json) -> None:
    await department.operations.get("/team-targets", expect=422, **query)
