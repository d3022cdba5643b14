import asyncpg

from app.core.database import Database
from app.demo.fill import DEALS, fill
from app.people.authentication import load_caller
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
