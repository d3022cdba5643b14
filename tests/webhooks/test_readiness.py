import asyncio

import asyncpg
import httpx
import pytest

from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from app.webhooks.readiness import LONGEST_STANDSTILL_SECONDS, WorkerReadiness
from app.webhooks.worker import Worker
from tests.builders.lanes import owed_endpoint
from tests.department import Department


async def test_shows_a_worker_that_progresses(settings: Settings) -> None:
    app = create_app(settings, with_worker=True)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as client:
            async with asyncio.timeout(20):
                # its pool is not there at once; nobody is told when it is
                while "oldest_event_seconds" not in (answer := (await client.get("/readyz")).json())["worker"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

    assert answer["status"] == "ready"
    assert answer["checks"] == {"database": True, "migrations": True, "partitions": True, "worker": True}
    assert 0 <= answer["worker"]["last_progress_seconds"] < LONGEST_STANDSTILL_SECONDS


async def test_says_nothing_of_a_worker_where_none_runs(http: httpx.AsyncClient) -> None:
    answer = (await http.get("/readyz")).json()

    assert answer == {"status": "ready", "checks": {"database": True, "migrations": True, "partitions": True}}


@pytest.mark.parametrize(("seconds", "is_ready"), [(29, True), (31, False)])
async def test_a_worker_that_stands_still_for_half_a_minute_is_not_ready(
    settings: Settings, seconds: float, *, is_ready: bool
) -> None:
    times = iter([1_000.0, 1_000.0 + seconds])
    worker = Worker(settings, clock=lambda: next(times))

    finding = await WorkerReadiness(worker)()

    assert finding.checks == {"worker": is_ready}
    assert finding.facts["worker"]["last_progress_seconds"] == seconds


async def test_tells_for_how_long_work_has_been_waiting(
    department: Department, settings: Settings, worker_database: Database, owner: asyncpg.Connection
) -> None:
    endpoint = await owed_endpoint(department, worker_database, owner, lanes=2)
    await owner.execute("UPDATE webhook_lanes SET due_at = now() - interval '90 s' WHERE endpoint_id = $1", endpoint.id)
    worker = Worker(settings)
    worker.database = worker_database

    behind = await WorkerReadiness(worker)()
    await endpoint.change("breaker_open_until = now() + interval '1 minute'")
    undeliverable = await WorkerReadiness(worker)()

    assert 90 <= behind.facts["worker"]["oldest_due_lane_seconds"] < 120
    assert undeliverable.facts["worker"]["oldest_due_lane_seconds"] == 0
    assert behind.checks == undeliverable.checks == {"worker": True}
