"""The service behind PgBouncer in transaction mode, on four connections to its database."""

import asyncio
from pathlib import Path

import asyncpg
import httpx
import pytest

from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from tests.builders.deals import lose_deal
from tests.builders.imports import import_small, write_folder
from tests.builders.pooler import POOL_SIZE
from tests.builders.receiver import listening
from tests.builders.server_process import serving_on
from tests.builders.workers import until_settled, working
from tests.department import Department

_LENT = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE $1"


@pytest.mark.without_pooler("counts connections, and those of the other pooler would be among them")
async def test_a_move_an_import_and_a_delivery_go_through_it(
    pooled: Settings, pooled_database: Database, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    transport = httpx.ASGITransport(app=create_app(pooled, pooled_database))
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as http,
        listening() as receiver,
        working(pooled, count=2),
    ):
        department = await Department.found(pooled_database, http)
        endpoint = {"url": receiver.url, "event_types": ["opportunity.stage_changed", "import.completed"]}
        subscribed = await department.operations.post("/webhook-endpoints", endpoint)
        manager = await department.manager()
        deals = [await manager.post("/opportunities", {"name": f"Deal {number}"}) for number in range(8)]

        await asyncio.gather(*(lose_deal(manager, deal) for deal in deals))
        report = await import_small(department, write_folder(tmp_path))
        await until_settled(owner, subscribed["id"], len(deals) + 1)
        lent = await owner.fetchval(_LENT, "stageline:% - unix%")

    assert {message.subject_id for message in receiver.messages} == {deal["id"] for deal in deals} | {
        str(report.import_id)
    }
    assert report.counts["opportunities"].created == 2
    assert 0 < lent <= POOL_SIZE


async def test_a_process_starts_behind_it_migrates_past_it_and_hears_of_commits(
    pooled: Settings, department: Department
) -> None:
    with serving_on(pooled) as server:
        headers = {"Authorization": f"Bearer {department.operations.key}"}
        async with httpx.AsyncClient(base_url=f"{server.url}/v1", headers=headers) as client:
            created = await client.post("/accounts", json={"name": "Acme"})
            found = await client.get(f"/accounts/{created.json()['id']}")
        logged = server.output.read_text()

    assert (created.status_code, found.status_code) == (201, 200)
    assert "they poll" not in logged
    assert '"level": "error"' not in logged
