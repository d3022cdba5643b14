import resource
import time
from collections.abc import Callable
from decimal import Decimal

import asyncpg

from app.imports.mapping import load_mapping
from app.imports.report import Outcome, RowCounts
from app.imports.run import ImportOrder, run_import
from tests.builders.imports import count_rows
from tests.builders.pages import read_pages
from tests.builders.real_data import (
    FOLDER,
    MAPPING,
    import_real_data,
    needs_real_data,
    values_won,
    won_by_region_and_quarter,
)
from tests.department import Department

pytestmark = needs_real_data


async def test_imports_the_whole_public_data_set(
    department: Department, owner: asyncpg.Connection, record_property: Callable[[str, object], None]
) -> None:
    started = time.perf_counter()

    report = await import_real_data(department)

    record_property("seconds", round(time.perf_counter() - started, 2))
    record_property("peak_memory_kib", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    assert (report.outcome, report.refusals) == (Outcome.WRITTEN, [])
    assert {name: counts.created for name, counts in report.counts.items()} == {
        "teams": 9,
        "users": 41,
        "products": 7,
        "accounts": 85,
        "opportunities": 8_800,
    }
    deals = await owner.fetch(
        "SELECT outcome, stage, count(*), sum(amount), count(*) FILTER (WHERE account_id IS NULL) FROM opportunities "
        "WHERE organization_id = $1 GROUP BY 1, 2 ORDER BY 1, 2",
        department.organization_id,
    )
    assert [tuple(each) for each in deals] == [
        ("lost", "analysis", 2_473, Decimal(0), 0),
        ("open", "prospecting", 500, None, 337),
        ("open", "qualification", 1_589, None, 1_088),
        ("won", "follow_up", 4_238, Decimal(10_005_534), 0),
    ]


async def test_the_history_of_the_data_set_is_dated_as_in_the_source(
    department: Department, owner: asyncpg.Connection
) -> None:
    await import_real_data(department)

    moves = await owner.fetch(
        "SELECT kind, count(*), min(occurred_at)::date::text, max(occurred_at)::date::text FROM stage_transitions "
        "WHERE organization_id = $1 GROUP BY 1 ORDER BY 1",
        department.organization_id,
    )
    assert [tuple(each) for each in moves] == [
        ("forward", 8_300, "2016-10-20", "2017-12-27"),
        ("lost", 2_473, "2017-03-01", "2017-12-31"),
        ("won", 4_238, "2017-03-01", "2017-12-31"),
    ]


async def test_what_each_region_won_in_a_quarter_is_what_the_files_say(
    department: Department, owner: asyncpg.Connection
) -> None:
    await import_real_data(department)

    won = await owner.fetch(
        """SELECT region.name, to_char(o.closed_at AT TIME ZONE 'UTC', 'YYYY"Q"Q') AS quarter, sum(o.amount) AS amount
        FROM opportunities o JOIN teams t ON t.id = o.team_id JOIN teams region ON region.id = t.parent_id
        WHERE o.organization_id = $1 AND o.outcome = 'won' GROUP BY 1, 2""",
        department.organization_id,
    )
    assert {(each["name"], each["quarter"]): each["amount"] for each in won} == won_by_region_and_quarter()


async def test_a_target_of_each_region_is_attained_by_exactly_the_deals_of_the_files(department: Department) -> None:
    await import_real_data(department)
    await department.operations.patch("/organization", {"fiscal_year_start_month": 1})
    teams = {team["name"]: team["id"] for team in (await department.operations.get("/teams", limit=200))["items"]}
    won = {region: values for (region, quarter), values in values_won().items() if quarter == "2017Q2"}
    assert set(won) == {"Central", "East", "West"}

    for region, values in won.items():
        fields = {"team_id": teams[region], "metric": "revenue_won", "period": "2017Q2", "currency": "USD"}
        target = await department.operations.post("/team-targets", {**fields, "target_value": "1000000.00"})
        path = f"/team-targets/{target['id']}/attainment"
        attained = await department.operations.get(path)
        credited = await read_pages(department.operations, f"{path}/deals")

        assert (Decimal(attained["attained_value"]), attained["n"]) == (sum(values), len(values))
        assert attained["other_currencies"] == []
        assert sorted(Decimal(each["credited_value"]) for each in credited) == sorted(values)
        assert len({each["record_id"] for each in credited}) == len(values)


async def test_importing_the_data_set_twice_changes_nothing(department: Department, owner: asyncpg.Connection) -> None:
    await import_real_data(department)
    before = await count_rows(owner, department)

    again = await import_real_data(department)

    assert (again.outcome, again.counts["opportunities"]) == (Outcome.UNCHANGED, RowCounts(unchanged=8_800))
    assert await count_rows(owner, department) == before


async def test_without_its_value_map_each_of_the_1480_misspelt_products_is_named(
    department: Department, owner: asyncpg.Connection
) -> None:
    before = await count_rows(owner, department)
    mapping = load_mapping(MAPPING)
    section = mapping.opportunities[0]
    columns = section.columns | {"product": section.columns["product"].model_copy(update={"map": {}})}
    naive = mapping.model_copy(update={"opportunities": (section.model_copy(update={"columns": columns}),)})

    report = await run_import(department.database, department.system, ImportOrder(FOLDER, naive))

    assert len(report.refusals) == 1_480
    assert ("sales_pipeline.csv", 3, "product 'GTXPro' is unknown or was refused") in report.refusals
    assert await count_rows(owner, department) == before
