import asyncio
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from app.core.database import Database, new_id
from app.core.settings import Settings
from app.webhooks.replay import first_id_at
from app.webhooks.replaying import replay_batch
from tests.builders.lanes import NOWHERE, OwedEndpoint, owed_endpoint, recorded_at
from tests.builders.receiver import listening
from tests.builders.results import failed, released
from tests.builders.workers import until_settled, working
from tests.department import Department

PAST, FUTURE = "2020-01-01T00:00:00Z", "2120-01-01T00:00:00Z"


@pytest.fixture
async def endpoint(department: Department, worker_database: Database, owner: asyncpg.Connection) -> OwedEndpoint:
    """It was owed an event of each of five accounts, and all arrived."""
    endpoint = await owed_endpoint(department, worker_database, owner, lanes=5)
    await endpoint.deliver_all()
    return endpoint


async def test_a_range_is_delivered_once_more_in_order_with_the_same_bytes(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        body = {"url": receiver.url, "event_types": ["account.*"]}
        endpoint = await department.operations.post("/webhook-endpoints", body)
        account = await department.operations.post("/accounts", {"name": "Acme"})
        for number in range(4):
            await department.operations.patch(f"/accounts/{account['id']}", {"country": f"Country {number}"})
        await until_settled(owner, endpoint["id"], 5)
        path = f"/webhook-endpoints/{endpoint['id']}/replay"
        accepted = await department.operations.post(path, {"since": PAST}, expect=202)
        await receiver.until_count(10)
        rows = await until_settled(owner, endpoint["id"], 5)

    assert accepted["deliveries"] == 5
    assert receiver.sequences_of(account["id"]) == [1, 2, 3, 4, 5] * 2
    assert len({(message.id, message.body) for message in receiver.messages}) == 5
    assert [(row["is_redelivery"], row["attempts"]) for row in rows] == [(True, 1)] * 5


async def test_what_was_delivered_or_given_up_has_all_its_attempts_again(
    department: Department, endpoint: OwedEndpoint, owner: asyncpg.Connection
) -> None:
    await owner.execute("UPDATE webhook_deliveries SET status = 'failed', attempts = 10 WHERE event_type <> 'x'")

    await endpoint.replay(department.operations, since=PAST)

    rows = await endpoint.deliveries()
    assert [(row["status"], row["attempts"], row["is_redelivery"]) for row in rows] == [("pending", 0, True)] * 5
    assert [row["settled_at"] for row in rows] == [None] * 5


async def test_what_is_pending_stays_pending_once_with_its_attempts(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    endpoint = await owed_endpoint(department, worker_database, owner, lanes=3)
    lane, *others = await endpoint.claim()
    await endpoint.settle(failed(lane), released(lane, 5), *map(released, others))

    accepted = await endpoint.replay(department.operations, since=PAST)

    assert accepted["deliveries"] == 3
    assert await endpoint.attempts() == [1, 0, 0]
    assert [row["is_redelivery"] for row in await endpoint.deliveries()] == [False] * 3


async def test_events_from_before_the_endpoint_existed_are_owed_too(
    department: Department, endpoint: OwedEndpoint, owner: asyncpg.Connection
) -> None:
    created = await department.operations.post("/webhook-endpoints", {"url": NOWHERE, "event_types": ["account.*"]})
    newer = OwedEndpoint(created["id"], endpoint.worker_database, owner)

    await newer.replay(department.operations, since=PAST)

    assert [row["is_redelivery"] for row in await newer.deliveries()] == [True] * 5
    assert len(await newer.claim()) == 5


async def test_nothing_is_sent_until_a_replay_is_put_together(department: Department, endpoint: OwedEndpoint) -> None:
    path = f"{endpoint.path}/replay"
    await department.operations.post(path, {"since": PAST}, expect=202)
    await replay_batch(endpoint.worker_database, most_events=2)

    meanwhile = await endpoint.claim()
    during = await department.operations.get(endpoint.path)
    again = await department.operations.post(path, {"since": PAST}, expect=409)
    while await replay_batch(endpoint.worker_database):
        pass
    after = await department.operations.get(endpoint.path)

    assert meanwhile == []
    assert (during["is_replaying"], after["is_replaying"]) == (True, False)
    assert again["code"] == "replay_underway"
    assert len(await endpoint.claim()) == 5


async def test_each_batch_is_a_transaction_of_its_own(department: Department, endpoint: OwedEndpoint) -> None:
    await department.operations.post(f"{endpoint.path}/replay", {"since": PAST}, expect=202)

    owed = []
    while await replay_batch(endpoint.worker_database, most_events=2):
        owed.append(sum(row["status"] == "pending" for row in await endpoint.deliveries()))

    # the last one finds less than a full batch, and then it ends
    assert owed == [2, 4, 5, 5]


async def test_workers_at_once_put_it_together_once(department: Department, endpoint: OwedEndpoint) -> None:
    await department.operations.post(f"{endpoint.path}/replay", {"since": PAST}, expect=202)

    while any(await asyncio.gather(*(replay_batch(endpoint.worker_database, most_events=1) for _ in range(4)))):
        pass

    assert [row["status"] for row in await endpoint.deliveries()] == ["pending"] * 5
    assert not (await department.operations.get(endpoint.path))["is_replaying"]


async def test_only_what_was_recorded_in_the_range_is_owed(department: Department, endpoint: OwedEndpoint) -> None:
    second, third, fourth = [recorded_at(row["event_id"]) for row in (await endpoint.deliveries())[1:4]]

    accepted = await endpoint.replay(department.operations, since=second.isoformat(), until=fourth.isoformat())

    assert second < third < fourth
    assert accepted["deliveries"] == 2
    assert [row["status"] == "pending" for row in await endpoint.deliveries()] == [False, True, True, False, False]


async def test_since_the_last_success_is_what_was_recorded_after_it(
    department: Department, endpoint: OwedEndpoint
) -> None:
    fourth = recorded_at((await endpoint.deliveries())[3]["event_id"])
    await endpoint.change(f"last_success_at = '{fourth.isoformat()}'")

    accepted = await endpoint.replay(department.operations, since_last_success=True)

    assert datetime.fromisoformat(accepted["since"]) == fourth
    assert [row["status"] == "pending" for row in await endpoint.deliveries()] == [False] * 3 + [True] * 2


async def test_without_any_success_it_is_what_was_recorded_since_the_endpoint_was_made(
    department: Department, endpoint: OwedEndpoint
) -> None:
    await endpoint.change("last_success_at = NULL")

    accepted = await endpoint.replay(department.operations, since_last_success=True)

    assert accepted["deliveries"] == 5


async def test_the_endpoints_filters_of_now_and_the_types_asked_for_both_count(
    department: Department, endpoint: OwedEndpoint
) -> None:
    account_id = endpoint.account_ids[0]
    await department.operations.patch(f"/accounts/{account_id}", {"country": "Kenya"})
    await endpoint.until_owed(6)
    await endpoint.deliver_all()

    by_type = await endpoint.replay(department.operations, since=PAST, event_types=["account.updated", "lead.*"])
    await endpoint.deliver_all()
    await department.operations.patch(endpoint.path, {"event_types": ["lead.*"]})
    by_filter = await endpoint.replay(department.operations, since=PAST)

    assert (by_type["deliveries"], by_filter["deliveries"]) == (1, 0)
    assert sum(row["is_redelivery"] for row in await endpoint.deliveries()) == 1


async def test_what_the_fan_out_has_not_reached_is_left_to_it(department: Department, endpoint: OwedEndpoint) -> None:
    await department.operations.post("/accounts", {"name": "Recorded just now"})

    await endpoint.replay(department.operations, since=PAST)
    before = len(await endpoint.deliveries())
    await endpoint.until_owed(6)

    assert before == 5
    assert [row["is_redelivery"] for row in await endpoint.deliveries()] == [True] * 5 + [False]


async def test_a_disabled_endpoint_collects_and_gets_it_when_it_is_enabled(
    department: Department, endpoint: OwedEndpoint
) -> None:
    await endpoint.change("state = 'disabled', disabled_reason = 'gone'")
    await endpoint.replay(department.operations, since=PAST)

    while_disabled = await endpoint.claim()
    await department.operations.post(f"{endpoint.path}/enable", expect=200)

    assert while_disabled == []
    assert len(await endpoint.claim()) == 5


async def test_an_endpoint_is_deleted_with_its_replay(department: Department, endpoint: OwedEndpoint) -> None:
    await department.operations.post(f"{endpoint.path}/replay", {"since": PAST}, expect=202)

    await department.operations.delete(endpoint.path)

    assert not await replay_batch(endpoint.worker_database)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/since", "missing"),
        ({"until": PAST}, "/since", "missing"),
        ({"since": PAST, "since_last_success": True}, "/since", "ambiguous"),
        ({"until": PAST, "since_last_success": True}, "/until", "ambiguous"),
        ({"since_last_success": False}, "/since_last_success", "literal_error"),
        ({"since": FUTURE}, "/since", "empty_range"),
        ({"since": "2021-01-01T00:00:00Z", "until": PAST}, "/until", "empty_range"),
        ({"since": PAST, "until": PAST}, "/until", "empty_range"),
        ({"since": "2020-01-01T00:00:00"}, "/since", "timezone_aware"),
        ({"since": PAST, "event_types": ["deal.exploded"]}, "/event_types/0", "value_error"),
        ({"since": PAST, "status": "failed"}, "/status", "extra_forbidden"),
    ],
)
async def test_refuses_anything_but_one_form(
    department: Department, body: dict[str, Any], pointer: str, code: str
) -> None:
    created = await department.operations.post("/webhook-endpoints", {"url": NOWHERE, "event_types": ["*"]})

    problem = await department.operations.post(f"/webhook-endpoints/{created['id']}/replay", body, expect=422)

    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]


async def test_another_organizations_endpoint_cannot_be_replayed(
    other_department: Department, endpoint: OwedEndpoint
) -> None:
    await other_department.operations.post(f"{endpoint.path}/replay", {"since": PAST}, expect=404)

    assert not await replay_batch(endpoint.worker_database)


def test_ids_of_events_begin_at_the_millisecond_of_their_recording() -> None:
    moment = recorded_at(new_id())

    first, next_first = first_id_at(moment), first_id_at(moment + timedelta(milliseconds=1))

    assert first.version == 7
    assert first < new_id()
    assert recorded_at(first) == moment
    assert recorded_at(next_first) == moment + timedelta(milliseconds=1)
