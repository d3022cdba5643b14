"""Totals by day against the deals themselves: whatever happens to a won deal, and whenever the rows are folded."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import asyncpg
import pytest

from app.connections import opened_as_worker
from app.core.caller import Caller
from app.core.database import Database
from app.core.settings import Settings
from app.team_targets import won_totals
from tests.builders.explaining import Explaining, outline, rows_read
from tests.builders.outcomes import move_deal, won_deal_of
from tests.builders.targets import set_target
from tests.builders.won_deals import insert_won_deal, keep_time
from tests.department import Department, Json

MIDDLE = "2026-11-16T12:00:00+00:00"
CHANGES = {
    "amount": "amount = 70.07",
    "no amount": "amount = NULL",
    "currency": "currency = 'EUR'",
    "day": "closed_at = '2026-11-17T12:00:00+00:00'",
    "moment of the same day": "closed_at = '2026-11-16T23:59:59+00:00'",
    "month": "closed_at = '2026-12-16T12:00:00+00:00'",
    "owner": "owner_id = (SELECT manager.id FROM users manager WHERE manager.position = 'sales_operations_manager' "
    "AND manager.organization_id = opportunities.organization_id LIMIT 1)",
    "team": "team_id = (SELECT id FROM teams WHERE organization_id = opportunities.organization_id AND name = 'south')",
    "no team": "team_id = NULL",
    "name": "name = 'Another'",
    "another day and amount and currency": "closed_at = '2026-11-02T12:00:00+00:00', amount = 1, currency = 'JPY'",
}
_COUNTED = """
SELECT currency, coalesce(sum(amount), 0) AS value, count(*) AS n
FROM opportunities
WHERE team_id = ANY ($1) AND outcome = 'won' AND closed_at >= $2 AND closed_at < $3 GROUP BY currency ORDER BY currency
"""
_MANY = """
INSERT INTO opportunities (organization_id, id, name, amount, currency, pipeline_id, pipeline_version, stage, step,
                           outcome, probability, forecast_category, stage_entered_at, opened_at, closed_at, owner_id,
                           team_id)
SELECT p.organization_id, gen_random_uuid(), 'Deal', n, 'USD', p.id, p.current_version, 'follow_up', 'follow_up', 'won',
       100, 'closed', moment, moment, moment, u.id, u.team_id
FROM users u JOIN pipelines p ON p.organization_id = u.organization_id AND p.subject = 'opportunity',
     generate_series(1, $2) n,
     LATERAL (SELECT '2026-11-01T00:00:00+00:00'::timestamptz + n * interval '13 minutes' AS moment) closed
WHERE u.id = $1
"""


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[Database]:
    async with opened_as_worker(settings) as database:
        yield database


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_attained_follows_every_change_of_a_won_deal(
    department: Department, owner: asyncpg.Connection, worker: Database, change: str
) -> None:
    rep = await department.representative()
    deal_id = await insert_won_deal(owner, rep, MIDDLE, "100.10")
    await insert_won_deal(owner, rep, MIDDLE, "1.01")
    await _fold_all(worker)
    for team in ("north", "south"):
        await _expect_the_deals_sum(department, owner, team)

    await owner.execute(
        f"UPDATE opportunities SET version = version + 1, {CHANGES[change]} WHERE id = $1",  # noqa: S608 # above
        deal_id,
    )

    for team in ("north", "south"):
        await _expect_the_deals_sum(department, owner, team)
    await _fold_all(worker)
    for team in ("north", "south"):
        await _expect_the_deals_sum(department, owner, team)
    rows = await owner.fetch("SELECT * FROM won_totals WHERE team_id = $1", department.teams["north"])
    assert all(row["is_folded"] and row["deals"] > 0 for row in rows)


async def test_a_deleted_deal_is_taken_off(department: Department, owner: asyncpg.Connection, worker: Database) -> None:
    rep = await department.representative()
    await insert_won_deal(owner, rep, MIDDLE)

    await owner.execute("DELETE FROM opportunities WHERE team_id = $1", rep.team_id)
    await _fold_all(worker)

    assert await owner.fetchval("SELECT count(*) FROM won_totals WHERE team_id = $1", rep.team_id) == 0


async def test_moves_through_the_api_count_at_once(department: Department, worker: Database) -> None:
    rep = await department.representative()
    manager = await department.manager()
    deal_id = await won_deal_of(department, rep)
    won = await rep.get(f"/opportunities/{deal_id}")
    target = await set_target(department, metric="deals_won", period=won["closed_at"][:7], target_value="2")
    path = f"/team-targets/{target['id']}/attainment"

    after_winning = await manager.get(path)
    await _fold_all(worker)
    await move_deal(manager, deal_id, "analysis")

    assert after_winning["n"] == 1
    assert (await manager.get(path))["n"] == 1


@pytest.mark.parametrize("time_zone", ["UTC", "Pacific/Auckland", "Asia/Kathmandu", "America/New_York"])
async def test_deals_of_every_quarter_hour_count_in_one_month_each(
    department: Department, owner: asyncpg.Connection, worker: Database, time_zone: str
) -> None:
    rep = await department.representative()
    await keep_time(owner, rep, time_zone)
    await owner.execute(_MANY, rep.user_id, 6_000)  # 54 days
    await _fold_all(worker)
    targets = [
        await set_target(department, period=period, metric="deals_won", target_value="1")
        for period in ("2026-10", "2026-11", "2026-12", "2027-01")
    ]

    numbers = [(await rep.get(f"/team-targets/{target['id']}/attainment"))["n"] for target in targets]

    assert numbers == [
        await owner.fetchval(
            "SELECT count(*) FROM opportunities "
            "WHERE team_id = $1 AND to_char(closed_at AT TIME ZONE $2, 'YYYY-MM') = $3",
            rep.team_id,
            time_zone,
            target["period"],
        )
        for target in targets
    ]
    assert sum(numbers) == 6_000


async def test_nothing_is_lost_or_counted_twice_while_writers_and_workers_meet(
    department: Department, database_url: str, settings: Settings
) -> None:
    rep = await department.representative()
    target = await set_target(department, metric="deals_won", target_value="200")
    is_over = asyncio.Event()

    async def write() -> None:
        connection = await asyncpg.connect(database_url)
        for _ in range(50):
            await insert_won_deal(connection, rep, MIDDLE)
        await connection.close()

    async def work() -> None:
        async with opened_as_worker(settings) as database:
            while not is_over.is_set():
                await won_totals.fold(database)

    async def read() -> list[int]:
        seen = []
        while not is_over.is_set():
            seen.append((await rep.get(f"/team-targets/{target['id']}/attainment"))["n"])
        return seen

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(read())
        for _ in range(2):
            tasks.create_task(work())
        async with asyncio.TaskGroup() as writers:
            for _ in range(4):
                writers.create_task(write())
        is_over.set()

    seen = reading.result()
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    assert (await rep.get(f"/team-targets/{target['id']}/attainment"))["n"] == 200


async def test_a_quarter_is_read_from_a_row_a_day(
    department: Department, owner: asyncpg.Connection, worker: Database, database_url: str
) -> None:
    rep = await department.representative()
    await keep_time(owner, rep, "America/New_York")
    await owner.execute(_MANY, rep.user_id, 9_000)  # 81 days, 110 deals each
    await _fold_all(worker)
    await owner.execute("ANALYZE won_totals")
    connection = await asyncpg.connect(database_url)
    organization_id = await owner.fetchval("SELECT organization_id FROM users WHERE id = $1", rep.user_id)
    await connection.execute("SET ROLE stageline_app")
    await connection.execute("SELECT set_config('app.organization_id', $1, false)", str(organization_id))
    tx = Explaining(connection, Caller.system(organization_id))

    rows = await tx.fetch_all(won_totals.revenue, team_ids=[rep.team_id], user_id=None, **await _quarter(owner))

    await connection.close()
    assert rows[0]["n"] == 9_000 - 18  # New York's October has the first four hours
    assert max((rows_read(plan), outline(plan)) for plan in tx.plans)[0] <= 250, [outline(plan) for plan in tx.plans]


async def _quarter(owner: asyncpg.Connection) -> dict[str, Any]:
    row = await owner.fetchrow(
        "SELECT '2026-11-01 00:00 America/New_York'::timestamptz AS since, "
        "'2027-02-01 00:00 America/New_York'::timestamptz AS until"
    )
    return dict(row)


async def _fold_all(worker: Database) -> None:
    while await won_totals.fold(worker):
        pass


async def _expect_the_deals_sum(department: Department, owner: asyncpg.Connection, team: str) -> None:
    """A month's attainment against the sum of its deals, by another way: money of each currency, and numbers."""
    team_ids = [department.teams[each] for each in (("north", "north_west") if team == "north" else ("south",))]
    month = await owner.fetchrow("SELECT '2026-11-01 00:00Z'::timestamptz, '2026-12-01 00:00Z'::timestamptz")
    counted = {row["currency"]: row for row in await owner.fetch(_COUNTED, team_ids, *month)}
    found, deals = [
        await department.operations.get(f"/team-targets/{await _target(department, team, metric)}/attainment")
        for metric in ("revenue_won", "deals_won")
    ]

    dollars = counted.pop("USD", None)
    assert (Decimal(found["attained_value"]), found["n"]) == (
        (dollars["value"], dollars["n"]) if dollars else (Decimal(0), 0)
    )
    assert {each["currency"]: (Decimal(each["value"]), each["n"]) for each in found["other_currencies"]} == {
        currency: (row["value"], row["n"]) for currency, row in counted.items()
    }
    assert deals["n"] == sum(row["n"] for row in counted.values()) + (dollars["n"] if dollars else 0)


async def _target(department: Department, team: str, metric: str) -> str:
    found: Json = await department.operations.get(
        "/team-targets", team_id=str(department.teams[team]), metric=metric, limit=1
    )
    if found["items"]:
        return str(found["items"][0]["id"])
    value: Json = {} if metric == "revenue_won" else {"target_value": "1"}
    return str((await set_target(department, team, metric=metric, **value))["id"])
