"""How Postgres reads the log over its months: merged from their indexes, whatever the statistics; never sorted."""

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core.database import Database, Statement
from app.outbox import feed
from app.outbox.schemas import EventQuery
from app.webhooks import fanout
from app.webhooks.worker import PLANS
from tests.builders.months import make_months
from tests.conftest import TEMPLATE, with_database
from tests.department import Department

MONTHS = 24
FILL = """
    INSERT INTO events (organization_id, id, type, subject_type, subject_id, sequence, occurred_at, body, xid)
    SELECT ('00000000-0000-0000-0000-' || lpad(to_hex(n % 7), 12, '0'))::uuid,
        (left(first_id_of(now() - make_interval(months => n % 12))::text, 14)
            || '7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
        'account.updated', 'account', gen_random_uuid(), 1, now(), '{}', (1000 + n)::text::xid8
    FROM generate_series(1, 24000) n
"""
STATES = {
    "never_analyzed": [],
    "analyzed_while_empty": ["ANALYZE"],
    "filled_since": ["ANALYZE", FILL],
    "analyzed_while_full": [FILL, "ANALYZE"],
}
SETTINGS = {"feed": feed.PLANS, "bound of the feed": feed.PLANS, "end of the feed": feed.PLANS, "fan-out": PLANS}
STATEMENTS = {  # what is planned is what is run
    "feed": feed._read,  # noqa: SLF001
    "bound of the feed": feed._find_bound,  # noqa: SLF001
    "end of the feed": feed._find_newest,  # noqa: SLF001
    "fan-out": fanout._fan_out,  # noqa: SLF001
}
_OF_ONE = r"Scan (?:Backward )?using events_\d{4}_\d{2}_organization_id_xid_id_idx on events_"
INDEXES = {
    "feed": _OF_ONE,
    "bound of the feed": _OF_ONE,
    "end of the feed": _OF_ONE,
    "fan-out": r"Scan using events_\d{4}_\d{2}_xid_id_idx\d* on events_",
}


@pytest.fixture(scope="module")
async def many_months(server_url: str, database_url: str) -> AsyncIterator[str]:
    """A database of this file's own, with a year of months behind it and a year ahead."""
    name = f"{database_url.rpartition('/')[2].partition('?')[0]}_months"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    url = with_database(server_url, name)
    owner = await asyncpg.connect(url)
    await make_months(owner, range(1, MONTHS - 12))
    await owner.close()
    yield url
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.mark.parametrize("reader", STATEMENTS)
@pytest.mark.parametrize("state", STATES)
async def test_merges_the_months_by_their_indexes(many_months: str, reader: str, state: str) -> None:
    connection = await asyncpg.connect(
        many_months, server_settings=SETTINGS[reader] | {"session_replication_role": "replica"}
    )
    transaction = connection.transaction()
    await transaction.start()
    for step in STATES[state]:
        await connection.execute(step)

    plan = await _plan(connection, STATEMENTS[reader])
    await transaction.rollback()
    await connection.close()

    merged = _below(plan, "Merge Append")
    assert len(re.findall(INDEXES[reader], merged)) == MONTHS
    assert re.findall(r"\bSort\b(?! Key)|Seq Scan|Bitmap", merged) == []


async def test_the_feed_is_read_under_its_own_settings(department: Department, database: Database) -> None:
    async with database.begin(department.system) as tx:
        await feed.read_feed(tx, EventQuery())
        shown = {name: await tx.connection.fetchval(f"SHOW {name}") for name in feed.PLANS}

    assert shown == feed.PLANS


async def test_a_look_up_by_id_reads_one_month(many_months: str) -> None:
    connection = await asyncpg.connect(many_months, server_settings={"plan_cache_mode": "force_generic_plan"})

    plan = await _plan(connection, feed._find, "gen_random_uuid(), first_id_of(now())")  # noqa: SLF001 # as above
    await connection.close()

    assert f"Subplans Removed: {MONTHS - 1}" in plan


async def _plan(connection: asyncpg.Connection, statement: Statement, arguments: str = "") -> str:
    arguments = arguments or ", ".join(["NULL"] * len(statement.names))
    await connection.execute(f"PREPARE planned AS {statement.sql}")
    rows = await connection.fetch(f"EXPLAIN EXECUTE planned ({arguments})")
    return "\n".join(row[0] for row in rows)


def _below(plan: str, node: str) -> str:
    """A node of the plan with everything under it."""
    lines = plan.splitlines()
    start = next(number for number, line in enumerate(lines) if node in line)
    depth = lines[start].index(node)
    rest = [line for line in lines[start + 1 :] if not line.strip() or len(line) - len(line.lstrip()) <= depth - 3]
    end = lines.index(rest[0], start + 1) if rest else len(lines)
    return "\n".join(lines[start:end])
