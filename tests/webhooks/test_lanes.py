import asyncio

import asyncpg
import pytest

from app.core.database import Database
from app.webhooks.fanout import fan_out
from app.webhooks.lanes import Claim, claim, recreate_missing_lanes
from app.webhooks.settling import hold_of, settle
from tests.builders.results import delivered, failed, released
from tests.department import Department


@pytest.fixture
async def endpoint_id(department: Department, worker_database: Database, owner: asyncpg.Connection) -> str:
    """An endpoint that is owed two events of one account; every other endpoint of the database is disabled."""
    await owner.execute("UPDATE webhook_endpoints SET state = 'disabled'")
    endpoint = await department.operations.post(
        "/webhook-endpoints", {"url": "http://127.0.0.1:9/", "event_types": ["account.*"]}
    )
    account = await department.operations.post("/accounts", {"name": "Acme"})
    await department.operations.patch(f"/accounts/{account['id']}", {"country": "Kenya"})
    async with asyncio.timeout(20):
        while (
            await owner.fetchval("SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = $1", endpoint["id"]) < 2
        ):
            await fan_out(worker_database)
    return str(endpoint["id"])


async def test_a_leased_lane_is_not_claimed_again(worker_database: Database, endpoint_id: str) -> None:
    first = await claim(worker_database, Claim(), {})
    second = await claim(worker_database, Claim(), {})

    assert [str(lane.key.endpoint_id) for lane in first] == [endpoint_id]
    assert [delivery.attempts for lane in first for delivery in lane.deliveries] == [0, 0]
    assert second == []


async def test_a_lease_that_ran_out_is_taken_over_and_the_late_result_refused(
    worker_database: Database, endpoint_id: str, owner: asyncpg.Connection
) -> None:
    (late,) = await claim(worker_database, Claim(lease_seconds=0), {})
    (current,) = await claim(worker_database, Claim(), {})

    refused = await settle(worker_database, [failed(late), released(late)])
    before = await owner.fetch("SELECT status, attempts FROM webhook_deliveries WHERE endpoint_id = $1", endpoint_id)
    accepted = await settle(
        worker_database, [delivered(current, 0), delivered(current, 1), released(current), failed(late)]
    )

    assert current.token > late.token
    assert refused.refused == {hold_of(late)}
    assert [tuple(row) for row in before] == [("pending", 0), ("pending", 0)]
    assert accepted.refused == {hold_of(late)}
    after = await owner.fetch("SELECT status, attempts FROM webhook_deliveries WHERE endpoint_id = $1", endpoint_id)
    assert [tuple(row) for row in after] == [("delivered", 1), ("delivered", 1)]
    assert await owner.fetch("SELECT FROM webhook_lanes WHERE endpoint_id = $1", endpoint_id) == []


@pytest.mark.usefixtures("endpoint_id")
async def test_a_lease_that_ran_out_but_was_not_taken_over_still_counts(worker_database: Database) -> None:
    (lane,) = await claim(worker_database, Claim(lease_seconds=0), {})

    settled = await settle(worker_database, [delivered(lane, 0), released(lane)])
    (next_lane,) = await claim(worker_database, Claim(), {})

    assert settled.refused == frozenset()
    assert next_lane.deliveries == lane.deliveries[1:]


async def test_a_failed_lane_is_due_at_its_retry_only(
    worker_database: Database, endpoint_id: str, owner: asyncpg.Connection
) -> None:
    (lane,) = await claim(worker_database, Claim(), {})

    await settle(worker_database, [failed(lane, retry_after_seconds=300), released(lane, retry_after_seconds=300)])

    assert await claim(worker_database, Claim(), {}) == []
    row = await owner.fetchrow(
        "SELECT extract(epoch FROM due_at - now()) AS seconds, lease_until FROM webhook_lanes WHERE endpoint_id = $1",
        endpoint_id,
    )
    assert row is not None
    assert 290 < row["seconds"] <= 300
    assert row["lease_until"] is None


@pytest.mark.usefixtures("endpoint_id")
async def test_of_a_busy_endpoint_no_more_than_its_share_is_claimed(worker_database: Database) -> None:
    (lane,) = await claim(worker_database, Claim(), {})
    await settle(worker_database, [released(lane)])

    assert await claim(worker_database, Claim(lanes_per_endpoint=4), {lane.key.endpoint_id: 3}) == []
    assert len(await claim(worker_database, Claim(lanes_per_endpoint=4), {lane.key.endpoint_id: 2})) == 1


async def test_a_missing_lane_is_made_again(
    worker_database: Database, endpoint_id: str, owner: asyncpg.Connection
) -> None:
    await owner.execute("DELETE FROM webhook_lanes WHERE endpoint_id = $1", endpoint_id)

    made = await recreate_missing_lanes(worker_database)

    assert made == 1
    assert len(await claim(worker_database, Claim(), {})) == 1


async def test_two_fan_outs_at_once_owe_each_event_once(
    department: Department, worker_database: Database, endpoint_id: str, owner: asyncpg.Connection
) -> None:
    for number in range(20):
        await department.operations.post("/accounts", {"name": f"Account {number}"})

    async with asyncio.timeout(20):
        while await owner.fetchval("SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = $1", endpoint_id) < 22:
            await asyncio.gather(*(fan_out(worker_database) for _ in range(4)))

    counts = await owner.fetchrow(
        "SELECT count(*), count(DISTINCT event_id) FROM webhook_deliveries WHERE endpoint_id = $1", endpoint_id
    )
    assert counts is not None
    assert tuple(counts) == (22, 22)


@pytest.mark.usefixtures("endpoint_id")
async def test_an_event_waits_for_older_transactions_and_is_not_skipped(
    department: Department, worker_database: Database, database_url: str
) -> None:
    older = await asyncpg.connect(database_url)
    async with older.transaction():
        await older.execute("SELECT pg_current_xact_id()")
        await department.operations.post("/accounts", {"name": "Held back"})
        held_back = await fan_out(worker_database)
    await older.close()
    async with asyncio.timeout(20):
        while not (done := await fan_out(worker_database)) or done.events == 0:
            pass

    assert held_back is not None
    assert (held_back.events, held_back.is_held_back) == (0, True)
    assert done.deliveries == 1
