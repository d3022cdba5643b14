from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from app.core.database import Database
from app.core.settings import Settings
from app.webhooks.lanes import Claim
from app.webhooks.worker import Pace
from tests.builders.lanes import owed_endpoint
from tests.builders.outages import Gauge, RetryAfter
from tests.builders.receiver import listening
from tests.builders.workers import hasty, until, until_settled, working
from tests.department import Department
from tests.webhooks.receivers import answering, receiving

STANDARD_RETRIES = Pace(poll_seconds=0.01)
IS_OPEN = "SELECT FROM webhook_endpoints WHERE id = $1 AND breaker_open_until IS NOT NULL"


async def test_a_dead_endpoint_with_many_due_lanes_costs_a_handful_of_requests(
    department: Department, settings: Settings, worker_database: Database, owner: asyncpg.Connection
) -> None:
    async with receiving(answering(500)) as receiver:
        endpoint = await owed_endpoint(department, worker_database, owner, lanes=120, url=receiver.url)
        async with working(settings, STANDARD_RETRIES, count=2):
            await until(
                lambda: owner.fetch("SELECT FROM webhook_endpoints WHERE id = $1 AND failed_probes >= 2", endpoint.id),
                bool,
            )

        attempts = await endpoint.attempts()
        # each worker has up to ten requests under way while it learns from five, then there are the probes
        assert 5 < len(receiver.requests) <= 2 * (5 + 9) + 3
        assert sum(attempts) == len(receiver.requests)
        assert max(attempts) == 1


async def test_when_the_endpoint_is_back_everything_arrives_in_order(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        accounts = [await department.operations.post("/accounts", {"name": f"Account {n}"}) for n in range(12)]
        for account in accounts:
            await department.operations.patch(f"/accounts/{account['id']}", {"country": "Kenya"})
        receiver.fail_first(40, status=503)
        async with working(settings, hasty(attempts=1_000), count=2):
            rows = await until_settled(owner, endpoint["id"], 24)

    after = await department.operations.get(f"/webhook-endpoints/{endpoint['id']}")
    assert {row["status"] for row in rows} == {"delivered"}
    assert after["breaker_open_until"] is None
    for account in accounts:
        sequences = receiver.sequences_of(account["id"])
        assert sequences == sorted(sequences)
        assert set(sequences) == {1, 2}


async def test_lanes_in_hand_are_let_go_when_the_receiver_asks_for_time(
    department: Department, settings: Settings, worker_database: Database, owner: asyncpg.Connection
) -> None:
    async with receiving(answering(429, "Retry-After: 120")) as receiver:
        endpoint = await owed_endpoint(department, worker_database, owner, lanes=30, url=receiver.url)
        await endpoint.change("max_concurrency = 1")
        async with working(settings, STANDARD_RETRIES):
            await until(lambda: owner.fetch(IS_OPEN, endpoint.id), bool)

        assert len(receiver.requests) == 1
        assert await endpoint.attempts() == [1] + [0] * 29
        assert 110 < (await endpoint.open_for_seconds() or 0) <= 120


@pytest.mark.parametrize(
    "asked",
    [
        RetryAfter(429, "300", 300, 300),
        RetryAfter(503, timedelta(minutes=40), 2_400, 2_400),
        RetryAfter(503, "99999999999999999999", 86_400, 3_600),
        RetryAfter(429, "Fri, 31 Dec 9999 23:59:59 GMT", 86_400, 3_600),
    ],
)
async def test_nothing_is_sent_before_the_time_that_the_receiver_asked_for(
    department: Department,
    settings: Settings,
    worker_database: Database,
    owner: asyncpg.Connection,
    asked: RetryAfter,
) -> None:
    async with receiving(answering(asked.status, asked.header())) as receiver:
        endpoint = await owed_endpoint(department, worker_database, owner, lanes=1, url=receiver.url)
        async with working(settings, STANDARD_RETRIES):
            await until(lambda: owner.fetch(IS_OPEN, endpoint.id), bool)
            await department.operations.post("/accounts", {"name": "Another"})
            await until(
                lambda: owner.fetch("SELECT FROM webhook_lanes WHERE endpoint_id = $1", endpoint.id),
                lambda rows: len(rows) == 2,
            )

        lane_waits = (await endpoint.lane_due_at() - datetime.now(UTC)).total_seconds()
        assert len(receiver.requests) == 1
        assert asked.lane_seconds - 30 < lane_waits <= asked.lane_seconds + 1
        assert asked.endpoint_seconds - 30 < (await endpoint.open_for_seconds() or 0) <= asked.endpoint_seconds


async def test_no_more_requests_are_open_at_once_than_the_endpoint_allows(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        gauge = Gauge()
        receiver.answer = gauge.answer
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"], "max_concurrency": 1}
        )
        for number in range(12):
            await department.operations.post("/accounts", {"name": f"Account {number}"})
        async with working(settings):
            await until_settled(owner, endpoint["id"], 12)

    assert gauge.most == 1


async def test_another_limit_counts_from_the_next_claim(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        gauge = Gauge()
        receiver.answer = gauge.answer
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"], "max_concurrency": 1}
        )
        for number in range(20):
            await department.operations.post("/accounts", {"name": f"Account {number}"})
        pace = Pace(poll_seconds=0.01, claim=Claim(lanes_per_endpoint=8))
        async with working(settings, pace):
            await receiver.until_count(2)
            most_before = gauge.most
            await department.operations.patch(f"/webhook-endpoints/{endpoint['id']}", {"max_concurrency": 4})
            await until_settled(owner, endpoint["id"], 20)

    assert (most_before, gauge.most) == (1, 4)


@pytest.mark.parametrize("limit", [0, 101, None])
async def test_refuses_a_limit_out_of_range(department: Department, limit: int | None) -> None:
    body = {"url": "http://127.0.0.1:9/", "event_types": ["*"]}
    endpoint = await department.operations.post("/webhook-endpoints", body)

    created = await department.operations.post("/webhook-endpoints", {**body, "max_concurrency": limit}, expect=422)
    changed = await department.operations.patch(
        f"/webhook-endpoints/{endpoint['id']}", {"max_concurrency": limit}, expect=422
    )

    assert created["errors"][0]["pointer"] == changed["errors"][0]["pointer"] == "/max_concurrency"


async def test_a_disabled_endpoint_gets_all_it_missed_in_order_when_it_is_enabled(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        receiver.fail_first(1_000_000, status=410)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        path = f"/webhook-endpoints/{endpoint['id']}"
        accounts = [await department.operations.post("/accounts", {"name": f"Account {n}"}) for n in range(4)]
        await until(lambda: owner.fetch("SELECT FROM events WHERE subject_id = $1", endpoint["id"]), bool)
        for number in range(3):
            for account in accounts:
                await department.operations.patch(f"/accounts/{account['id']}", {"country": f"Country {number}"})
        await until(
            lambda: owner.fetch("SELECT FROM webhook_deliveries WHERE endpoint_id = $1", endpoint["id"]),
            lambda rows: len(rows) == 16,
        )
        calls_before = len(receiver.messages)
        receiver.fail_first(0)
        await department.operations.post(f"{path}/enable", expect=200)
        await until_settled(owner, endpoint["id"], 16)

    assert calls_before <= len(accounts)
    for account in accounts:
        assert receiver.sequences_of(account["id"])[-4:] == [1, 2, 3, 4]
