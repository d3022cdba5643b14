"""What Postgres does for a page, in the app's role, where an organization has many leads and the caller few."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.core.caller import Caller
from app.core.roles import APP_ROLE
from app.leads.queries import lead_listing
from app.leads.schemas import LeadQuery
from tests.builders.explaining import Explaining, nodes_of, rows_read
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
async def test_a_page_is_found_without_reading_the_table(grown: str, asked: dict[str, Any], reach: str) -> None:
    connection = await asyncpg.connect(grown, server_settings={"role": APP_ROLE})
    tx = Explaining(connection, Caller(OURS, OWNER, "sales_representative", TEAM, ()))
    page = await lead_listing.page(tx, LeadQuery(**asked), **_scope(reach))
    await connection.close()

    nodes = [node for plan in tx.plans for node in nodes_of(plan)]
    assert [node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"] == []
    assert max(map(rows_read, tx.plans)) <= MOST_ROWS
    assert (page.rows != []) == (asked.get("q") not in {"nobody", "%"})
