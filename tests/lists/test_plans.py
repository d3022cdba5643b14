"""What Postgres does for a page, in the app's role, where an organization has many leads and the caller few."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.core.caller import Caller
from app.core.database import Row, Statement, Transaction
from app.core.roles import APP_ROLE
from app.leads.queries import lead_listing
from app.leads.schemas import LeadQuery
from tests.conftest import TEMPLATE, with_database

LEADS = 100_000
MOST_ROWS = 6_000  # as many as a search looks at where a word is rare, and a few
OURS, OWNER, TEAM = UUID(int=1), UUID(int=77), UUID(int=7)
_FILL = f"""
INSERT INTO leads (organization_id, id, created_at, updated_at, name, company_name, email, owner_id, team_id,
    pipeline_id, pipeline_version, stage, step, stage_entered_at)
SELECT ('00000000-0000-0000-0000-00000000000' || organization)::uuid, gen_random_uuid(), moment, moment,
    'Ann' || n % 50000 || ' field', CASE n % 4 WHEN 0 THEN 'acme ltd' ELSE 'other gmbh' END, 'a' || n || '@b.example',
    lpad(to_hex(n % 1000), 32, '0')::uuid, lpad(to_hex(n % 20), 32, '0')::uuid,
    gen_random_uuid(), 1, 'prospecting', 'prospecting', moment
FROM generate_series(1, 2) organization, generate_series(1, {LEADS}) n,
    LATERAL (SELECT now() - make_interval(secs => n) AS moment) at;
INSERT INTO search_words SELECT DISTINCT organization_id, 'leads', word, id
FROM leads, string_to_table(btrim(search_text), ' ') word;
"""  # noqa: S608 # a number of this module


class Explaining(Transaction):
    """A transaction that also keeps the plan of each statement it runs."""

    __slots__ = ("plans",)

    async def fetch_all(self, statement: Statement, /, **parameters: object) -> list[Row]:
        await self._explain(statement, parameters)
        return await super().fetch_all(statement, **parameters)

    async def fetch_value(self, statement: Statement, /, **parameters: object) -> Any:
        await self._explain(statement, parameters)
        return await super().fetch_value(statement, **parameters)

    async def _explain(self, statement: Statement, parameters: dict[str, object]) -> None:
        arguments = self._arguments(statement, parameters)
        text = await self.connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement.sql}", *arguments)
        self.plans: list[dict[str, Any]] = [*getattr(self, "plans", []), json.loads(text)[0]["Plan"]]


@pytest.fixture(scope="module")
async def grown(server_url: str, database_url: str) -> AsyncIterator[str]:
    """A database of this file's own, with two organizations of as many leads."""
    name = f"{database_url.rpartition('/')[2].partition('?')[0]}_grown"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    url = with_database(server_url, name)
    owner = await asyncpg.connect(url)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(_FILL)
    await owner.execute("VACUUM ANALYZE leads, search_words")
    await owner.close()
    yield url
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


def _scope(reach: str) -> dict[str, object]:
    teams = [TEAM] if reach == "team" else []
    return {
        "organization_id": OURS,
        "reach_all": reach == "organization",
        "reach_user_id": OWNER,
        "reach_team_ids": teams,
    }


@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("reach", ["own", "organization"])
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"sort": "created_at"},
        {"owner_id": OWNER},
        {"email": "a77@b.example"},
        {"q": "ann77"},
        {"q": "gmbh ann77"},
        {"q": "a77@b.example"},
        {"q": "field"},
        {"q": "nobody"},
        {"q": "%"},
    ],
    ids=str,
)
async def test_a_page_is_found_without_reading_the_table(
    grown: str, asked: dict[str, Any], reach: str, plans: str
) -> None:
    connection = await asyncpg.connect(grown, server_settings={"plan_cache_mode": plans, "role": APP_ROLE})
    tx = Explaining(connection, Caller(OURS, OWNER, "sales_representative", TEAM, ()))
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.organization_id', $1, true)", str(OURS))
        page = await lead_listing.page(tx, LeadQuery(**asked), **_scope(reach))
    await connection.close()

    nodes = [node for plan in tx.plans for node in _nodes(plan)]
    assert [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"] == []
    assert max(_rows(node) for node in nodes) <= MOST_ROWS
    assert (page.rows != []) == (asked.get("q") not in {"nobody", "%"})


def _nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for below in plan.get("Plans", []) for node in _nodes(below))]


def _rows(node: dict[str, Any]) -> float:
    return float((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
