"""Endpoints that are owed events of many subjects, and the state of their breaker."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from app.core.database import Database
from app.webhooks.fanout import fan_out
from app.webhooks.lanes import Claim, Lane, claim
from app.webhooks.replaying import replay_batch
from app.webhooks.result import Report
from app.webhooks.settling import Settled, settle
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.results import delivered, released
from tests.department import Actor, Department, Json

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

    async def replay(self, actor: Actor, **body: object) -> Json:
        """Ask for a replay and put it together."""
        accepted = await actor.post(f"{self.path}/replay", body, expect=202)
        while await replay_batch(self.worker_database):
            pass
        return accepted

    async def until_owed(self, count: int) -> None:
        """Fan out until so many deliveries are there; any transaction of the whole server may hold that up."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(await self.attempts()) < count:
                await fan_out(self.worker_database)

    async def until_all_fanned_out(self, department: Department) -> None:
        """Fan out until the organization's newest event has been passed."""
        newest = "SELECT max(xid::text::bigint) FROM events WHERE organization_id = $1"
        position = "SELECT xid::text::bigint FROM webhook_fanout_position"
        last = await self.owner.fetchval(newest, department.organization_id)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await self.owner.fetchval(position) < last:
                await fan_out(self.worker_database)

    async def events(self) -> list[asyncpg.Record]:
        """The events that it is owed, in their order."""
        rows: list[asyncpg.Record] = await self.owner.fetch(
            "SELECT event.* FROM events event JOIN webhook_deliveries delivery ON delivery.event_id = event.id "
            "WHERE delivery.endpoint_id = $1 ORDER BY event.id",
            self.id,
        )
        return rows

    async def subjects(self) -> list[tuple[str, str]]:
        """The types and subjects of the events that it is owed."""
        return [(row["type"], str(row["subject_id"])) for row in await self.events()]

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

    async def deliver_all(self) -> None:
        """Claim whatever is due and have it arrive."""
        while lanes := await self.claim():
            for lane in lanes:
                arrived = [delivered(lane, index) for index in range(len(lane.deliveries))]
                await self.settle(*arrived, released(lane))

    async def deliveries(self) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.owner.fetch(
            "SELECT * FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY event_id", self.id
        )
        return rows

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
    await endpoint.until_owed(lanes)
    return endpoint


async def subscribe(
    department: Department, worker_database: Database, owner: asyncpg.Connection, **filters: object
) -> OwedEndpoint:
    """An endpoint with these filters, of all types unless some are named."""
    body = {"url": NOWHERE, "event_types": ["*"], **filters}
    created = await department.operations.post("/webhook-endpoints", body)
    return OwedEndpoint(str(created["id"]), worker_database, owner)


def recorded_at(event_id: UUID) -> datetime:
    """When an event was recorded, to the millisecond, as its UUIDv7 tells."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=event_id.int >> 80)
