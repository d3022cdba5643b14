import asyncio

import asyncpg
import pytest

from app.core.settings import Settings
from tests.builders.feed import events_of
from tests.builders.receiver import listening
from tests.builders.workers import hasty, until_settled, working
from tests.department import Department


async def test_each_event_of_a_deal_arrives_once_in_order_and_verified(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["opportunity.*"]}
        )
        deal = await department.operations.post("/opportunities", {"name": "GTX for Acme"})
        for number in range(9):
            await department.operations.patch(f"/opportunities/{deal['id']}", {"name": f"GTX {number}"})
        await until_settled(owner, endpoint["id"], 10)

    assert receiver.sequences_of(deal["id"]) == list(range(1, 11))
    assert all(message.is_signed_with(endpoint["secret"]) for message in receiver.messages)


async def test_the_bytes_are_those_stored_and_those_of_the_feed(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.created"]}
        )
        account = await department.operations.post("/accounts", {"name": "Ærø Skibsværft – “Süd”"})
        await until_settled(owner, endpoint["id"], 1)
    await events_of(department.operations, 1, subject_id=account["id"])
    feed = await department.operations.request("GET", "/events", subject_id=account["id"])
    single = await department.operations.request("GET", f"/events/{receiver.messages[0].id}")

    stored = await owner.fetchval("SELECT body FROM events WHERE subject_id = $1", account["id"])
    assert [message.body for message in receiver.messages] == [stored]
    assert feed.content.startswith(b'{"items":[' + stored + b'],"next_cursor":"')
    assert single.content == stored


async def test_the_next_event_waits_until_the_one_before_is_acknowledged(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        receiver.fail_first(3)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        account = await department.operations.post("/accounts", {"name": "Acme"})
        await department.operations.patch(f"/accounts/{account['id']}", {"country": "Kenya"})
        async with working(settings):
            rows = await until_settled(owner, endpoint["id"], 2)

    assert receiver.sequences_of(account["id"]) == [1, 1, 1, 1, 2]
    assert [(row["status"], row["attempts"]) for row in rows] == [("delivered", 4), ("delivered", 1)]


async def test_other_subjects_go_on_while_one_fails(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        stuck = await department.operations.post("/accounts", {"name": "Stuck"})
        receiver.fail_first(1_000_000, subject_id=stuck["id"])
        for number in range(5):
            await department.operations.post("/accounts", {"name": f"Account {number}"})
        await department.operations.patch(f"/accounts/{stuck['id']}", {"country": "Kenya"})
        async with working(settings, hasty(attempts=1_000)):
            rows = await until_settled(owner, endpoint["id"], 5)

    assert [row["status"] for row in rows] == ["pending", *["delivered"] * 5, "pending"]
    assert set(receiver.sequences_of(stuck["id"])) == {1}


async def test_after_the_last_attempt_the_lane_goes_on(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        receiver.fail_first(2)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        account = await department.operations.post("/accounts", {"name": "Acme"})
        await department.operations.patch(f"/accounts/{account['id']}", {"country": "Kenya"})
        async with working(settings, hasty(attempts=2)):
            rows = await until_settled(owner, endpoint["id"], 2)

    assert [row["status"] for row in rows] == ["failed", "delivered"]
    assert receiver.sequences_of(account["id"]) == [1, 1, 2]
    assert await owner.fetchval("SELECT count(*) FROM webhook_lanes WHERE endpoint_id = $1", endpoint["id"]) == 0


async def test_a_worker_that_dies_before_settling_leads_to_a_second_delivery(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await department.operations.post("/accounts", {"name": "Acme"})
        async with working(settings, hasty(lease_seconds=16)) as (doomed,):
            await receiver.until_count(1)
            doomed.cancel()
        await owner.execute("UPDATE webhook_lanes SET lease_until = now() WHERE endpoint_id = $1", endpoint["id"])
        async with working(settings):
            await until_settled(owner, endpoint["id"], 1)

    assert len(receiver.ids) == 2
    assert len(set(receiver.ids)) == 1


async def test_two_workers_fan_every_event_out_once_and_in_order(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings, count=2):
        endpoints = [
            await department.operations.post("/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]})
            for _ in range(2)
        ]
        accounts = [await department.operations.post("/accounts", {"name": f"Account {n}"}) for n in range(5)]
        for number in range(10):
            await asyncio.gather(
                *(
                    department.operations.patch(f"/accounts/{account['id']}", {"country": f"Country {number}"})
                    for account in accounts
                )
            )
        for endpoint in endpoints:
            await until_settled(owner, endpoint["id"], 55)

    assert len(receiver.messages) == 110
    for endpoint in endpoints:
        own = [message for message in receiver.messages if message.is_signed_with(endpoint["secret"])]
        assert len(own) == len({message.id for message in own}) == 55
        for account in accounts:
            sequences = [message.sequence for message in own if message.subject_id == account["id"]]
            assert sequences == list(range(1, 12))


@pytest.mark.parametrize("filters", [{"team_ids": ["north"]}, {"owner_ids": ["rep"]}])
async def test_only_events_that_pass_the_filters_are_delivered(
    department: Department, settings: Settings, owner: asyncpg.Connection, filters: dict[str, list[str]]
) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    known = {"north": str(department.teams["north"]), "rep": str(rep.user_id)}
    async with listening() as receiver, working(settings):
        endpoint = await department.operations.post(
            "/webhook-endpoints",
            {"url": receiver.url, "event_types": ["*"]}
            | {name: [known[value] for value in values] for name, values in filters.items()},
        )
        await stranger.post("/accounts", {"name": "Theirs"})
        wanted = await rep.post("/accounts", {"name": "Ours"})
        await until_settled(owner, endpoint["id"], 1)

    assert [message.subject_id for message in receiver.messages] == [wanted["id"]]


async def test_another_organizations_events_are_not_delivered(
    department: Department, other_department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        endpoint = await department.operations.post("/webhook-endpoints", {"url": receiver.url, "event_types": ["*"]})
        await other_department.operations.post("/accounts", {"name": "Theirs"})
        ours = await department.operations.post("/accounts", {"name": "Ours"})
        await until_settled(owner, endpoint["id"], 1)

    assert [message.subject_id for message in receiver.messages] == [ours["id"]]


async def test_goes_on_after_its_connections_were_cut(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings) as (task,):
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        await department.operations.post("/accounts", {"name": "Before"})
        await until_settled(owner, endpoint["id"], 1)
        cut = await owner.fetchval(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name ~ '^stageline:(stageline_worker|listener)'"  # a pooler adds where it is from
        )
        await department.operations.post("/accounts", {"name": "After"})
        await until_settled(owner, endpoint["id"], 2)
        is_running = not task.done()

    assert cut >= 2
    assert is_running
    assert len(set(receiver.ids)) == 2


async def test_a_worker_that_stops_gives_its_leases_back(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        receiver.fail_first(1_000_000)
        endpoint = await department.operations.post(
            "/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]}
        )
        for number in range(5):
            await department.operations.post("/accounts", {"name": f"Account {number}"})
        async with working(settings, hasty(attempts=1_000_000)):
            await receiver.until_count(20)

    lanes = await owner.fetch("SELECT lease_until FROM webhook_lanes WHERE endpoint_id = $1", endpoint["id"])
    assert [row["lease_until"] for row in lanes] == [None] * 5
