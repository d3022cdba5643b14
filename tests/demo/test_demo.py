from decimal import Decimal

import asyncpg

from app.core.database import Database
from app.demo.cast import PEOPLE, SELLERS, TEAMS
from app.demo.fill import DEALS, fill
from app.people.callers import load_caller
from tests.department import Department


async def test_a_department_has_deals_in_every_step_whose_ledger_is_whole(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    operations = await load_caller(database, department.organization_id, department.operations.user_id)

    await fill(database, operations, seed=1)

    steps = await owner.fetch(
        "SELECT step, count(*) AS n FROM opportunities WHERE organization_id = $1 GROUP BY step",
        department.organization_id,
    )
    assert {row["step"] for row in steps} == {
        "prospecting",
        "qualification",
        "presentation",
        "negotiation",
        "closing",
        "follow_up",
        "analysis",
    }
    assert sum(row["n"] for row in steps) == DEALS
    gaps = await owner.fetchval(
        "SELECT count(*) FROM (SELECT subject_id FROM events WHERE organization_id = $1 GROUP BY subject_id "
        "HAVING max(sequence) <> count(*)) AS gaps",
        department.organization_id,
    )
    assert gaps == 0
    backwards = await owner.fetchval(
        "SELECT count(*) FROM stage_transitions t JOIN stage_transitions u ON u.opportunity_id = t.opportunity_id "
        "AND u.record_version > t.record_version AND u.occurred_at < t.occurred_at WHERE t.organization_id = $1",
        department.organization_id,
    )
    assert backwards == 0
    future = await owner.fetchval(
        "SELECT count(*) FROM events WHERE organization_id = $1 AND occurred_at > now()", department.organization_id
    )
    assert future == 0


async def test_every_team_has_a_manager_and_targets_that_are_measured(
    department: Department, database: Database
) -> None:
    operations = await load_caller(database, department.organization_id, department.operations.user_id)

    await fill(database, operations, seed=1)

    listed = (await department.operations.get("/teams", limit=200))["items"]
    teams = {team["id"]: team for team in listed if team["name"] in TEAMS}
    assert len(teams) == len(TEAMS)
    assert all(team["manager_id"] is not None for team in teams.values())
    targets = (await department.operations.get("/team-targets", limit=200))["items"]
    of_teams = [target for target in targets if target["user_id"] is None]
    assert {team_id: sum(each["team_id"] == team_id for each in of_teams) for team_id in teams} == dict.fromkeys(
        teams, 4
    )
    assert len(targets) - len(of_teams) == len([position for _, position, _ in PEOPLE if position in SELLERS])
    measured = [await department.operations.get(f"/team-targets/{target['id']}/attainment") for target in targets]
    assert all(Decimal(each["attained_value"]) >= 0 and each["attainment_percent"] for each in measured)
    quarter_before = min(each["starts_on"] for each in measured if "Q" in each["period"])
    past = [each for each in measured if each["starts_on"] == quarter_before and "Q" in each["period"]]
    assert len(past) == len(TEAMS)
    assert all(each["n"] > 0 and Decimal(each["attained_value"]) > 0 for each in past)


async def test_the_revenue_of_this_quarter_is_allocated_down_to_every_seller(
    department: Department, database: Database
) -> None:
    operations = await load_caller(database, department.organization_id, department.operations.user_id)

    await fill(database, operations, seed=1)

    targets = (await department.operations.get("/team-targets", limit=200, metric="revenue_won"))["items"]
    personal = {(each["user_id"], each["target_value"]) for each in targets if each["user_id"] is not None}
    period = next(each["period"] for each in targets if each["user_id"] is not None)
    shares = [
        share
        for each in targets
        if each["user_id"] is None and each["period"] == period
        for share in (await department.operations.get(f"/team-targets/{each['id']}/allocations"))["allocations"]
    ]
    assert {(share["user_id"], share["value"]) for share in shares if share["user_id"] is not None} == personal
    of_teams = {(each["team_id"], each["target_value"]) for each in targets if each["period"] == period}
    below = {(share["team_id"], share["value"]) for share in shares if share["team_id"] is not None}
    assert len(below) == len([parent for parent in TEAMS.values() if parent is not None])
    assert below <= of_teams
