"""What a worker tells of itself, and of how far behind all workers are."""

import asyncio

import asyncpg
import httpx
from prometheus_client import CollectorRegistry

from app.core.database import Database
from app.core.settings import Settings
from app.webhooks.metrics import WorkerMetrics
from app.webhooks.worker import Worker, run_worker
from bench.processes import free_port
from tests.builders.lanes import owed_endpoint
from tests.builders.receiver import PATIENCE_SECONDS, listening
from tests.builders.workers import hasty, until_settled
from tests.department import Department

NOTHING_ELSE_OWED = """
UPDATE webhook_endpoints SET state = 'disabled';
UPDATE webhook_deliveries SET status = 'failed', settled_at = now() WHERE status = 'pending';
DELETE FROM webhook_lanes
"""


def value(registry: CollectorRegistry, name: str, **labels: str) -> float:
    return registry.get_sample_value(f"stageline_webhook_{name}", labels) or 0.0


async def test_attempts_and_deliveries_are_counted_by_what_came_of_them(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    await owner.execute(NOTHING_ELSE_OWED)
    registry, stop = CollectorRegistry(), asyncio.Event()
    worker = Worker(settings, hasty(), metrics=WorkerMetrics(registry))
    async with listening() as receiver:
        receiver.fail_first(2)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        running = asyncio.create_task(worker.run(stop))
        await department.operations.post("/accounts", {"name": "Acme"})
        await until_settled(owner, endpoint["id"], 1)
        stop.set()
        await running

    assert value(registry, "attempts_total", outcome="http_error") == 2
    assert value(registry, "attempts_total", outcome="delivered") == 1
    assert value(registry, "deliveries_total", status="delivered") == 1
    assert value(registry, "attempt_duration_seconds_count") == 3


async def test_the_backlog_is_measured(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    await owner.execute(NOTHING_ELSE_OWED)
    registry = CollectorRegistry()
    metrics = WorkerMetrics(registry)
    await metrics.look(worker_database)
    nothing = value(registry, "lanes_due")
    endpoint = await owed_endpoint(department, worker_database, owner, lanes=2)
    await owner.execute("UPDATE webhook_lanes SET due_at = now() - interval '90 s' WHERE endpoint_id = $1", endpoint.id)

    await metrics.look(worker_database)

    assert (nothing, value(registry, "lanes_due")) == (0, 2)
    assert 90 <= value(registry, "claim_lag_seconds") < 120
    assert 0 < value(registry, "oldest_undelivered_event_seconds") < 60
    assert 0 <= value(registry, "fan_out_lag_seconds") < 60


async def test_a_worker_alone_shows_its_metrics_where_the_settings_say(settings: Settings) -> None:
    address, stop = f"127.0.0.1:{free_port()}", asyncio.Event()
    running = asyncio.create_task(run_worker(settings.model_copy(update={"worker_metrics_address": address}), stop))
    async with asyncio.timeout(PATIENCE_SECONDS), httpx.AsyncClient() as client:
        while (told := await _ask(client, address)) is None:  # noqa: ASYNC110 # nobody tells
            await asyncio.sleep(0.01)
    stop.set()
    await running

    assert "stageline_webhook_lanes_due" in told
    assert await _is_free(address)


async def _ask(client: httpx.AsyncClient, address: str) -> str | None:
    try:
        return (await client.get(f"http://{address}/metrics")).text
    except httpx.TransportError:  # it is not there yet
        return None


async def _is_free(address: str) -> bool:
    async with httpx.AsyncClient() as client:
        return await _ask(client, address) is None
