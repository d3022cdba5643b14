"""Endpoints that are owed events of many subjects, and the state of their breaker."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from app.core.database import Database
from app.webhooks.fanout import fan_out
from app.webhooks.lanes import Claim, Lane, claim
from app.webhooks.result import Report
from app.webhooks.settling import Settled, settle
from tests.builders.receiver import PATIENCE_SECONDS
from tests.department import Department

NOWHERE = "http://127.0.0.1:9/"


@dataclass
class OwedEndpoint:
    """An endpoint, and a worker's hands on its lanes."""

    id: str
    worker_database: Database
    owner: asyncpg.Connection
    account_ids: list[str] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"/webhook-endpoints/{self.id}"

    async def claim(self) -> list[Lane]:
        return await claim(self.worker_database, Claim(), {})

    async def settle(self, *reports: Report) -> Settled:
        return await settle(self.worker_database, reports)

    async def probe(self) -> Lane:
        """The one lane that is claimed when the time of the next probe has come."""
        await self.change("breaker_open_until = now()")
        (lane,) = await self.claim()
        assert lane.is_probe
        return lane

    async def change(self, assignments: str) -> None:
        """Change the endpoint's row behind the service's back, as time would."""
        await self.owner.execute(f"UPDATE webhook_endpoints SET {assignments} WHERE id = $1", self.id)  # noqa: S608

    async def make_due(self) -> None:
        await self.owner.execute("UPDATE webhook_lanes SET due_at = now() WHERE endpoint_id = $1", self.id)

    async def open_for_seconds(self) -> float | None:
        """How long the breaker stays open before the next probe; nothing when it is closed."""
        seconds = await self.owner.fetchval(
            "SELECT extract(epoch FROM breaker_open_until - now()) FROM webhook_endpoints WHERE id = $1", self.id
        )
        return None if seconds is None else float(seconds)

    async def attempts(self) -> list[int]:
        rows = await self.owner.fetch(
            "SELECT attempts FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY attempts DESC", self.id
        )
        return [row["attempts"] for row in rows]

    async def lane_due_at(self) -> datetime:
        due_at = await self.owner.fetchval("SELECT max(due_at) FROM webhook_lanes WHERE endpoint_id = $1", self.id)
        assert isinstance(due_at, datetime)
        return due_at


async def owed_endpoint(
    department: Department, worker_database: Database, owner: asyncpg.Connection, *, lanes: int, url: str = NOWHERE
) -> OwedEndpoint:
    """An endpoint that is owed one event of so many accounts; every other endpoint of the database is disabled."""
    await owner.execute("UPDATE webhook_endpoints SET state = 'disabled'")
    body = {"url": url, "event_types": ["account.*"]}
    created = await department.operations.post("/webhook-endpoints", body)
    endpoint = OwedEndpoint(str(created["id"]), worker_database, owner)
    for number in range(lanes):
        account = await department.operations.post("/accounts", {"name": f"Account {number}"})
        endpoint.account_ids.append(account["id"])
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(await endpoint.attempts()) < lanes:
            await fan_out(worker_database)
    return endpoint
