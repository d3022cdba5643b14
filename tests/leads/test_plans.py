"""What Postgres does for the duplicate check, under the row-level security that every request is under."""

import asyncpg

from app.core.database import new_id
from app.core.roles import APP_ROLE
from app.leads import queries
from tests.department import Department

_COLUMNS = "organization_id, name, owner_id, team_id, pipeline_id, pipeline_version, stage, step, stage_entered_at"
_FILL = f"""
INSERT INTO leads ({_COLUMNS}, id, email)
SELECT {_COLUMNS}, gen_random_uuid(), 'person' || n || '@fields.example'
FROM leads CROSS JOIN generate_series(1, 2000) n WHERE id = $1
"""  # noqa: S608 # the columns are a constant of this module


async def test_leads_with_an_email_are_looked_up_by_it(department: Department, owner: asyncpg.Connection) -> None:
    lead = await department.operations.post("/leads", {"name": "Ann Field"})
    transaction = owner.transaction()
    await transaction.start()
    await owner.execute("SET LOCAL session_replication_role = replica")
    await owner.execute(_FILL, lead["id"])
    await owner.execute("ANALYZE leads")
    await owner.execute(f"SET LOCAL ROLE {APP_ROLE}")
    await owner.execute("SELECT set_config('app.organization_id', $1, true)", str(department.organization_id))

    asked = {"organization_id": department.organization_id, "email": "Person7@Fields.example", "except_id": new_id()}
    statement = queries.find_leads_by_email
    plan = await owner.fetch(f"EXPLAIN {statement.sql}", *statement.arguments(asked))
    await transaction.rollback()

    conditions = [row[0] for row in plan if "Index Cond" in row[0]]
    assert any("email_key = 'person7@fields.example'" in condition for condition in conditions)
