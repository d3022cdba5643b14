"""What a worker drops, and what it settles before: no lane may wait for an event that is gone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from app.core.database import Database, new_id
from app.core.partitions import MONTHS_AHEAD, month_start
from app.core.settings import Settings
from app.webhooks import endpoints
from app.webhooks.expiry import BATCH, delete_deliveries, give_up_deliveries
from app.webhooks.fanout import fan_out
from app.webhooks.housekeeping import keep_house
from app.webhooks.lanes import Claim, claim
from app.webhooks.settling import settle
from tests.builders.months import (
    drop_partitions,
    id_made_at,
    months_ago,
    old_months,
    partition_of,
    partitions,
    record_at,
    worker_connections,
)
from tests.builders.receiver import listening
from tests.builders.results import delivered, failed, released
from tests.builders.workers import until, until_settled, working
from tests.department import Department

NOW = datetime.now(UTC)
KEPT_FROM = month_start(NOW, 3)
TOO_OLD = months_ago(4)


@dataclass
class Subscription:
    """An endpoint that is subscribed to accounts, seen from the worker and from the owner of the database."""

    department: Department
    worker: Database
    owner: asyncpg.Connection
    endpoint_id: UUID

    async def owe(self, *moments: datetime, subject_id: UUID | None = None) -> list[UUID]:
        """Record events of one account at these moments, and fan them out."""
        subject_id = subject_id or new_id()
        system = self.department.system
        ids = [await record_at(self.department.database, system, subject_id, moment) for moment in moments]
        async with asyncio.timeout(20):
            while await self.owner.fetchval(
                "SELECT count(*) FROM webhook_deliveries WHERE event_id = ANY ($1)", ids
            ) < len(ids):
                await fan_out(self.worker)
        return ids

    async def deliveries(self) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.owner.fetch(
            "SELECT * FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY sequence", self.endpoint_id
        )
        return rows

    async def states(self) -> list[tuple[str, str | None]]:
        return [(row["status"], row["last_error_class"]) for row in await self.deliveries()]

    async def lanes(self) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self.owner.fetch(
            "SELECT *, due_at <= now() AS is_due FROM webhook_lanes WHERE endpoint_id = $1", self.endpoint_id
        )
        return rows


@pytest.fixture
async def keeping(settings: Settings) -> Settings:
    """Settings that keep events and attempts for three months."""
    return settings.model_copy(update={"event_retention_months": 3, "attempt_retention_months": 3})


@pytest.fixture
async def subscription(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> AsyncIterator[Subscription]:
    """The only enabled endpoint of the database; there are partitions from four months ago on."""
    await owner.execute("UPDATE webhook_endpoints SET state = 'disabled'")
    endpoint = await department.operations.post(
        "/webhook-endpoints", {"url": "http://127.0.0.1:9/", "event_types": ["account.*"]}
    )
    async with worker_connections(settings, size=8) as worker, old_months(owner, 4, 3):
        yield Subscription(department, worker, owner, UUID(endpoint["id"]))
        await owner.execute("DELETE FROM webhook_endpoints WHERE id = $1", UUID(endpoint["id"]))


async def test_pending_deliveries_are_given_up_before_their_event_goes_and_their_lanes_with_them(
    subscription: Subscription, keeping: Settings
) -> None:
    await subscription.owe(TOO_OLD, TOO_OLD)

    await keep_house(subscription.worker, keeping, NOW)

    assert await subscription.states() == [("failed", "expired")] * 2
    assert all(row["settled_at"] and not row["next_attempt_at"] for row in await subscription.deliveries())
    assert await subscription.lanes() == []
    assert partition_of("events", TOO_OLD) not in await partitions(subscription.owner)


async def test_a_lane_goes_on_at_once_with_the_events_that_are_kept(
    subscription: Subscription, keeping: Settings
) -> None:
    *_, kept, new = await subscription.owe(TOO_OLD, TOO_OLD, months_ago(3), NOW)
    (lane,) = await claim(subscription.worker, Claim(), {})
    await settle(subscription.worker, [failed(lane, retry_after_seconds=3_600), released(lane, 3_600)])

    await keep_house(subscription.worker, keeping, NOW)

    (lane,) = await claim(subscription.worker, Claim(), {})
    assert [delivery.event_id for delivery in lane.deliveries] == [kept, new]
    assert partition_of("events", months_ago(3)) in await partitions(subscription.owner)


async def test_what_a_worker_still_brings_back_of_an_expired_delivery_changes_nothing(
    subscription: Subscription, keeping: Settings
) -> None:
    await subscription.owe(TOO_OLD)
    _, kept = await subscription.owe(TOO_OLD, NOW)
    alone, followed = sorted(await claim(subscription.worker, Claim(), {}), key=lambda lane: len(lane.deliveries))

    await keep_house(subscription.worker, keeping, NOW)
    await settle(
        subscription.worker,
        [delivered(alone), released(alone), delivered(followed, 0), delivered(followed, 1), released(followed)],
    )

    assert await subscription.states() == [("failed", "expired")] * 2 + [("delivered", None)]
    assert (await subscription.deliveries())[-1]["event_id"] == kept
    assert await subscription.lanes() == []


async def test_more_than_a_batch_is_given_up_and_deleted(subscription: Subscription) -> None:
    await subscription.owner.execute(
        "INSERT INTO webhook_deliveries (organization_id, endpoint_id, event_id, event_type, subject_id, sequence) "
        "SELECT $1, $2, ($3::text || lpad(to_hex(n), 12, '0'))::uuid, 'account.updated', gen_random_uuid(), 1 "
        "FROM generate_series(1, $4) n",
        subscription.department.organization_id,
        subscription.endpoint_id,
        str(id_made_at(TOO_OLD))[:24],
        2 * BATCH + 1,
    )

    given_up = await give_up_deliveries(subscription.worker, KEPT_FROM)
    deleted = await delete_deliveries(subscription.worker, KEPT_FROM)
    await subscription.owner.execute("UPDATE webhook_deliveries SET settled_at = $1", TOO_OLD)

    assert (given_up, deleted) == (2 * BATCH + 1, 0)
    assert await delete_deliveries(subscription.worker, KEPT_FROM) == 2 * BATCH + 1
    assert await subscription.deliveries() == []


async def test_events_that_were_not_fanned_out_are_kept(subscription: Subscription, keeping: Settings) -> None:
    department = subscription.department
    event_id = await record_at(department.database, department.system, new_id(), TOO_OLD)

    await keep_house(subscription.worker, keeping, NOW)

    assert await subscription.owner.fetchval("SELECT count(*) FROM events WHERE id = $1", event_id) == 1


async def test_events_are_kept_for_ever_unless_a_retention_is_set(
    subscription: Subscription, settings: Settings
) -> None:
    (event_id,) = await subscription.owe(TOO_OLD)

    await keep_house(subscription.worker, settings, NOW)

    assert settings.event_retention_months is None
    assert await subscription.owner.fetchval("SELECT count(*) FROM events WHERE id = $1", event_id) == 1
    assert await subscription.states() == [("pending", None)]
    assert partition_of("webhook_attempts", TOO_OLD) not in await partitions(subscription.owner)


async def test_what_was_settled_before_the_oldest_attempts_is_deleted_and_nothing_else(
    subscription: Subscription, settings: Settings
) -> None:
    ids = await subscription.owe(TOO_OLD, TOO_OLD, TOO_OLD, NOW)
    (lane,) = await claim(subscription.worker, Claim(), {})
    await settle(subscription.worker, [delivered(lane, index) for index in (0, 1, 3)])
    await subscription.owner.execute(
        "UPDATE webhook_deliveries SET settled_at = $2 WHERE event_id = $1", ids[0], KEPT_FROM - timedelta(seconds=1)
    )

    await keep_house(subscription.worker, settings, NOW)

    kept = await subscription.deliveries()
    attempts = await subscription.owner.fetch(
        "SELECT delivery_id FROM webhook_attempts WHERE organization_id = $1", subscription.department.organization_id
    )
    assert [(row["event_id"], row["status"]) for row in kept] == [
        (ids[1], "delivered"),
        (ids[2], "pending"),
        (ids[3], "delivered"),
    ]
    assert {row["delivery_id"] for row in attempts} == {kept[0]["id"], kept[2]["id"]}


async def test_a_delivery_whose_event_is_gone_cannot_be_redelivered(
    subscription: Subscription, keeping: Settings
) -> None:
    await subscription.owe(TOO_OLD)
    await keep_house(subscription.worker, keeping, NOW)
    (delivery,) = await subscription.deliveries()
    operations = subscription.department.operations

    problem = await operations.post(f"/webhook-deliveries/{delivery['id']}/redelivery", expect=410)

    shown = await operations.get(f"/webhook-deliveries/{delivery['id']}")
    assert problem["code"] == "event_gone"
    assert (shown["status"], shown["last_error_class"]) == ("failed", "expired")
    assert await subscription.lanes() == []


async def test_an_event_is_not_dropped_under_a_redelivery(subscription: Subscription, keeping: Settings) -> None:
    await subscription.owe(TOO_OLD)
    await give_up_deliveries(subscription.worker, KEPT_FROM)
    (delivery,) = await subscription.deliveries()
    database, system = subscription.department.database, subscription.department.system
    async with database.begin(system) as tx:
        await endpoints.redeliver(tx, delivery["id"])
        await keep_house(subscription.worker, keeping, NOW)
    kept = await partitions(subscription.owner)

    await keep_house(subscription.worker, keeping, NOW)

    assert partition_of("events", TOO_OLD) in kept
    assert await subscription.states() == [("failed", "expired")]
    assert await subscription.lanes() == []


async def test_several_workers_keep_house_at_once(subscription: Subscription, keeping: Settings) -> None:
    for _ in range(20):
        await subscription.owe(TOO_OLD, NOW)
    await drop_partitions(subscription.owner, [partition_of("events", month_start(NOW, -MONTHS_AHEAD))])

    await asyncio.gather(*(keep_house(subscription.worker, keeping, NOW) for _ in range(4)))

    left = await partitions(subscription.owner)
    assert await subscription.states() == [("failed", "expired")] * 20 + [("pending", None)] * 20
    assert [lane["is_due"] for lane in await subscription.lanes()] == [True] * 20
    assert partition_of("events", month_start(NOW, -MONTHS_AHEAD)) in left


async def test_a_worker_makes_the_partitions_that_are_missing(settings: Settings, owner: asyncpg.Connection) -> None:
    before = await partitions(owner)
    farthest = [partition_of(table, month_start(NOW, -MONTHS_AHEAD)) for table in ("events", "webhook_attempts")]
    await drop_partitions(owner, farthest)

    async with working(settings):
        await until(lambda: _named(owner, farthest), lambda rows: len(rows) == 2)

    assert await partitions(owner) == before


async def test_deliveries_go_on_when_housekeeping_fails(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    function = "FUNCTION create_partitions_ahead(integer, timestamptz)"
    await owner.execute(f"REVOKE EXECUTE ON {function} FROM stageline_worker")
    async with listening() as receiver, working(settings):
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        rows = await until_settled(owner, endpoint["id"], 1)
    await owner.execute(f"GRANT EXECUTE ON {function} TO stageline_worker")

    assert [row["status"] for row in rows] == ["delivered"]


async def test_a_lane_whose_events_are_gone_is_not_claimed_over_and_over(
    subscription: Subscription, settings: Settings
) -> None:
    await subscription.owe(TOO_OLD)
    await drop_partitions(subscription.owner, [partition_of("events", TOO_OLD)])  # by hand, past the service

    async with working(settings):
        (lane,) = await until(subscription.lanes, lambda rows: rows[0]["token"] > 0 and not rows[0]["lease_until"])

    assert lane["is_due"] is False


async def _named(owner: asyncpg.Connection, names: list[str]) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await owner.fetch("SELECT FROM pg_class WHERE relname = ANY ($1)", names)
    return rows
