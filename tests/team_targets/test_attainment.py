from datetime import datetime
from decimal import Decimal

import asyncpg
import pytest
import time_machine

from tests.builders.outcomes import move_deal
from tests.builders.targets import set_target
from tests.builders.won_deals import hold_activity, insert_qualified_lead, insert_won_deal, keep_time
from tests.department import Department

MIDDLE = "2026-11-16T12:00:00+00:00"  # a Monday: 10 of the 21 business days of November 2026 have gone by


async def test_an_empty_period_attains_nothing(department: Department) -> None:
    target = await set_target(department)

    with time_machine.travel(datetime.fromisoformat(MIDDLE), tick=False):
        found = await department.operations.get(f"/team-targets/{target['id']}/attainment")

    assert found == {
        "target_id": target["id"],
        "metric": "revenue_won",
        "period": "2026-11",
        "starts_on": "2026-11-01",
        "ends_on": "2026-12-01",
        "target_value": "1000.00",
        "currency": "USD",
        "attained_value": "0.00",
        "attainment_percent": "0.00",
        "n": 0,
        "elapsed_business_days": 10,
        "total_business_days": 21,
        "elapsed_percent": "47.61",
        "pace": "0.00",
        "status": "behind",
        "as_of": "2026-11-16T12:00:00Z",
        "other_currencies": [],
    }


async def test_revenue_is_what_was_won_in_the_period_by_the_team_and_the_teams_below(
    department: Department, owner: asyncpg.Connection
) -> None:
    north, below, south = [await department.representative(team) for team in ("north", "north_west", "south")]
    for seller, closed_at, amount in (
        (north, "2026-11-01T00:00:00+00:00", "300.10"),
        (north, "2026-11-30T23:59:59.999999+00:00", "200.20"),
        (below, "2026-11-15T08:00:00+00:00", "100.03"),
        (below, "2026-11-15T08:00:00+00:00", None),
        (north, "2026-10-31T23:59:59.999999+00:00", "1000.00"),
        (north, "2026-12-01T00:00:00+00:00", "1000.00"),
        (south, "2026-11-15T08:00:00+00:00", "1000.00"),
    ):
        await insert_won_deal(owner, seller, closed_at, amount)
    await north.post("/opportunities", {"name": "Still open", "amount": "1000.00"})
    target = await set_target(department)

    with time_machine.travel(datetime.fromisoformat(MIDDLE), tick=False):
        found = await north.get(f"/team-targets/{target['id']}/attainment")

    # 600.33 ÷ 1000 = 60.033 %; elapsed 10 ÷ 21; pace 0.60033 × 2.1 = 1.260693
    assert (found["attained_value"], found["attainment_percent"], found["n"]) == ("600.33", "60.03", 4)
    assert (found["pace"], found["status"]) == ("1.26", "on_track")


async def test_attainment_is_never_capped(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    await insert_won_deal(owner, rep, MIDDLE, "9999999999999999.99")
    await insert_won_deal(owner, rep, MIDDLE, "9999999999999999.99")
    target = await set_target(department, target_value="0.01")

    found = await department.operations.get(f"/team-targets/{target['id']}/attainment")

    assert found["attained_value"] == "19999999999999999.98"
    assert found["attainment_percent"] == "199999999999999999800.00"


async def test_other_currencies_are_named_and_never_added(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    for amount, currency in (("100.00", "USD"), ("70.00", "EUR"), ("7.50", "EUR"), ("9000", "JPY")):
        await insert_won_deal(owner, rep, MIDDLE, amount, currency)
    target = await set_target(department)
    counting = await set_target(department, metric="deals_won", target_value="3")

    revenue = await rep.get(f"/team-targets/{target['id']}/attainment")
    credited = await rep.get(f"/team-targets/{target['id']}/attainment/deals")
    deals = await rep.get(f"/team-targets/{counting['id']}/attainment")

    assert (revenue["attained_value"], revenue["n"]) == ("100.00", 1)
    assert revenue["other_currencies"] == [
        {"currency": "EUR", "value": "77.50", "n": 2},
        {"currency": "JPY", "value": "9000.00", "n": 1},
    ]
    assert [each["credited_value"] for each in credited["items"]] == ["100.00"]
    assert (deals["attained_value"], deals["attainment_percent"], deals["n"]) == ("4", "133.33", 4)
    assert (deals["target_value"], deals["currency"], deals["other_currencies"]) == ("3", None, [])


async def test_a_persons_target_counts_own_records_in_that_team_only(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, colleague = await department.representative(), await department.representative()
    await insert_won_deal(owner, rep, MIDDLE, "10.00")
    await insert_won_deal(owner, colleague, MIDDLE, "20.00")
    target = await set_target(department, person=rep)
    await department.operations.patch(f"/users/{rep.user_id}", {"team_id": str(department.teams["north_west"])})
    await insert_won_deal(owner, rep, MIDDLE, "40.00")

    found = await rep.get(f"/team-targets/{target['id']}/attainment")

    assert (found["attained_value"], found["n"]) == ("10.00", 1)


@pytest.mark.parametrize(
    ("time_zone", "inside", "outside"),
    [
        ("Pacific/Auckland", "2026-10-31T11:00:00+00:00", "2026-10-31T10:59:59.999999+00:00"),
        ("Pacific/Auckland", "2026-11-30T10:59:59.999999+00:00", "2026-11-30T11:00:00+00:00"),
        ("America/New_York", "2026-11-01T04:00:00+00:00", "2026-11-01T03:59:59.999999+00:00"),
        ("America/New_York", "2026-12-01T04:59:59.999999+00:00", "2026-12-01T05:00:00+00:00"),
    ],
)
async def test_the_period_begins_and_ends_at_midnight_in_the_organizations_time_zone(
    department: Department, owner: asyncpg.Connection, time_zone: str, inside: str, outside: str
) -> None:
    rep = await department.representative()
    await keep_time(owner, rep, time_zone)
    await insert_won_deal(owner, rep, inside, "1.00")
    await insert_won_deal(owner, rep, outside, "2.00")
    target = await set_target(department)

    found = await rep.get(f"/team-targets/{target['id']}/attainment")

    assert found["attained_value"] == "1.00"


@pytest.mark.parametrize(
    ("now", "time_zone", "expected"),
    [
        ("2026-11-02T23:00:00+00:00", "UTC", (0, None, None)),
        ("2026-11-02T23:00:00+00:00", "Asia/Tokyo", (1, "10.50", "on_track")),
        ("2026-11-30T23:59:59+00:00", "UTC", (20, "0.52", "behind")),
        ("2026-12-01T00:00:00+00:00", "UTC", (21, "0.50", "behind")),
        ("2030-01-01T00:00:00+00:00", "UTC", (21, "0.50", "behind")),
        ("2026-10-01T00:00:00+00:00", "UTC", (0, None, None)),
    ],
)
async def test_pace_follows_the_organizations_clock(
    department: Department,
    owner: asyncpg.Connection,
    now: str,
    time_zone: str,
    expected: tuple[int, str | None, str | None],
) -> None:
    rep = await department.representative()
    await keep_time(owner, rep, time_zone)
    await insert_won_deal(owner, rep, "2026-11-02T12:00:00+00:00", "500.00")
    target = await set_target(department)

    with time_machine.travel(datetime.fromisoformat(now), tick=False):
        found = await rep.get(f"/team-targets/{target['id']}/attainment")

    assert (found["elapsed_business_days"], found["pace"], found["status"]) == expected


async def test_counts_leads_by_when_they_were_qualified(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    qualified = await insert_qualified_lead(owner, rep, "2026-11-30T23:00:00+00:00")
    await insert_qualified_lead(owner, rep, "2026-12-01T00:00:00+00:00")
    await rep.post("/leads", {"name": "Not qualified"})
    target = await set_target(department, metric="leads_qualified", target_value="2")

    found = await rep.get(f"/team-targets/{target['id']}/attainment")
    credited = await rep.get(f"/team-targets/{target['id']}/attainment/deals")

    assert (found["attained_value"], found["attainment_percent"], found["n"]) == ("1", "50.00", 1)
    assert credited["items"] == [
        {
            "record_type": "lead",
            "record_id": str(qualified),
            "name": "A lead",
            "owner_id": str(rep.user_id),
            "team_id": str(department.teams["north"]),
            "occurred_at": "2026-11-30T23:00:00Z",
            "share": "1.00",
            "credited_value": "1",
            "currency": None,
        }
    ]


async def test_counts_meetings_and_activities_that_were_held(department: Department) -> None:
    rep = await department.representative()
    for kind in ("meeting", "call", "demonstration", "task", "note"):
        await hold_activity(rep, kind, "2026-11-16T10:00:00+00:00")
    await hold_activity(rep, "meeting", "2026-10-16T10:00:00+00:00")
    account = await rep.post("/accounts", {"name": "Acme"})
    await rep.post("/activities", {"kind": "meeting", "summary": "Planned only", "account_id": account["id"]})
    meetings = await set_target(department, metric="meetings_held", target_value="4")
    activities = await set_target(department, metric="activities_held", target_value="4")

    met = await rep.get(f"/team-targets/{meetings['id']}/attainment")
    held = await rep.get(f"/team-targets/{activities['id']}/attainment")

    assert (met["attained_value"], held["attained_value"]) == ("1", "3")


async def test_counts_a_deal_as_accepted_when_it_leaves_prospecting_for_the_first_time(department: Department) -> None:
    manager = await department.manager()
    earlier = await department.operations.post("/opportunities", {"name": "A", "owner_id": str(manager.user_id)})
    accepted = await department.operations.post("/opportunities", {"name": "B", "owner_id": str(manager.user_id)})
    await manager.post("/opportunities", {"name": "Never left"})
    target = await set_target(department, metric="opportunities_accepted", period="2037-11", target_value="2")
    with time_machine.travel(datetime.fromisoformat("2037-10-15T12:00:00+00:00"), tick=False):
        await move_deal(manager, earlier["id"], "qualification")
    with time_machine.travel(datetime.fromisoformat("2037-11-15T12:00:00+00:00"), tick=False):
        for deal in (earlier, accepted):
            if deal is accepted:
                await move_deal(manager, deal["id"], "qualification")
            back = {"to_stage": "prospecting", "reason": "Too early"}
            await manager.post(f"/opportunities/{deal['id']}/transitions", back)
            await move_deal(manager, deal["id"], "qualification")
        await move_deal(manager, earlier["id"], "presentation")

        found = await manager.get(f"/team-targets/{target['id']}/attainment")
        credited = await manager.get(f"/team-targets/{target['id']}/attainment/deals")

    assert (found["attained_value"], found["n"]) == ("1", 1)
    assert [each["record_id"] for each in credited["items"]] == [accepted["id"]]


async def test_the_credited_deals_of_all_pages_add_up_to_what_is_attained(
    department: Department, owner: asyncpg.Connection
) -> None:
    sellers = [await department.representative(team) for team in ("north", "north_west")]
    for number in range(11):
        await insert_won_deal(
            owner, sellers[number % 2], f"2026-11-{number // 2 + 1:02}T12:00:00+00:00", f"{number}.37"
        )
    target = await set_target(department)
    path = f"/team-targets/{target['id']}/attainment"

    page = await department.operations.get(f"{path}/deals", limit=3, sort="occurred_at")
    items = page["items"]
    while page["next_cursor"]:
        page = await department.operations.get(f"{path}/deals", limit=3, sort="occurred_at", cursor=page["next_cursor"])
        items += page["items"]
    found = await department.operations.get(path)

    assert found["attained_value"] == "59.07"
    assert sum(Decimal(each["credited_value"]) for each in items) == Decimal(found["attained_value"])
    assert len({each["record_id"] for each in items}) == found["n"] == 11
    assert {each["share"] for each in items} == {"1.00"}
    moments = [each["occurred_at"] for each in items]
    assert moments == sorted(moments)


async def test_what_a_colleague_did_counts_but_is_not_shown(department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    await hold_activity(rep, "meeting", "2026-11-16T10:00:00+00:00")
    await hold_activity(colleague, "meeting", "2026-11-16T11:00:00+00:00")
    target = await set_target(department, metric="meetings_held", target_value="4")

    credited = await rep.get(f"/team-targets/{target['id']}/attainment/deals", sort="occurred_at")
    of_operations = await department.operations.get(f"/team-targets/{target['id']}/attainment/deals")

    assert [each["name"] for each in credited["items"]] == ["A meeting", None]
    assert [each["name"] for each in of_operations["items"]] == ["A meeting", "A meeting"]
