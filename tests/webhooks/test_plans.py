"""What Postgres does for the worker's statements: every row by its key, whatever the statistics say.

These tables fill and drain within seconds; a plan made for an empty table must be right for a full one.
"""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core.database import Statement
from app.webhooks import lanes, settling
from app.webhooks.worker import PLANS
from tests.conftest import TEMPLATE, with_database

_TABLES = ("webhook_deliveries", "webhook_lanes", "webhook_endpoints", "webhook_attempts")
_FILL = """
WITH new AS (
    INSERT INTO webhook_deliveries (organization_id, endpoint_id, event_id, event_type, subject_id, sequence)
    SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), 'ping', gen_random_uuid(), 1
    FROM generate_series(1, 5000)
    RETURNING organization_id, endpoint_id, subject_id
)
INSERT INTO webhook_lanes (organization_id, endpoint_id, subject_id) SELECT * FROM new
"""
_DRAIN = "DELETE FROM webhook_lanes; UPDATE webhook_deliveries SET status = 'delivered', settled_at = now()"

STATES = {
    "never_analyzed": [],
    "analyzed_while_empty": ["ANALYZE"],
    "filled_since": ["ANALYZE", _FILL],
    "analyzed_while_full": ["ANALYZE", _FILL, "ANALYZE"],
    "drained_since": [_FILL, _DRAIN, "ANALYZE"],
    "filled_after_it_was_drained": [_FILL, _DRAIN, "ANALYZE", _FILL],
}
# those that look for rows of which they know the key
STATEMENTS = {
    f"{module.__name__}.{name}": value
    for module in (lanes, settling)
    for name, value in vars(module).items()
    if isinstance(value, Statement) and name not in {"_log_attempts", "_recreate"}
}


@pytest.fixture
async def planner(server_url: str, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection with the worker's settings, to a database of this test's own."""
    name = f"{database_url.rpartition('/')[2].partition('?')[0]}_plans"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    connection = await asyncpg.connect(
        with_database(server_url, name), server_settings=PLANS | {"session_replication_role": "replica"}
    )
    yield connection
    await connection.close()
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.mark.parametrize("state", STATES)
async def test_looks_up_every_row_by_its_key(planner: asyncpg.Connection, state: str) -> None:
    for step in STATES[state]:
        for command in [f"VACUUM ANALYZE {table}" for table in _TABLES] if step == "ANALYZE" else [step]:
            await planner.execute(command)

    plans = {name: await _plan(planner, statement) for name, statement in STATEMENTS.items()}
    lease = "app.webhooks.lanes._lease"
    candidates, _, plans[lease] = plans[lease].partition("CTE probing")  # only these are not known by key

    assert len(plans) == 6
    assert "ix_webhook_lanes__due_at" in candidates
    assert {name: found for name, plan in plans.items() if (found := _scans_without_key(plan))} == {}


async def _plan(planner: asyncpg.Connection, statement: Statement) -> str:
    nothing = ", ".join(["NULL"] * len(statement.names))
    await planner.execute(f"PREPARE planned AS {statement.sql}")
    rows = await planner.fetch(f"EXPLAIN EXECUTE planned ({nothing})")
    await planner.execute("DEALLOCATE planned")
    return "\n".join(row[0] for row in rows)


def _scans_without_key(plan: str) -> list[str]:
    """Scans of tables that are neither by place nor by the id that a row's key ends with."""
    lines = plan.splitlines()
    scans = [
        number
        for number, line in enumerate(lines)
        if re.search(r"(Seq|Index|Index Only|Heap) Scan .*(webhook_|events_)", line)
        and not re.search(r"using events_\w+_pkey on", line)
    ]
    return [plan for number in scans if not re.search(r"Index Cond: .*(\bid|subject_id) = ", lines[number + 1])]
