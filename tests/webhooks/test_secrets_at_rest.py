from collections.abc import Callable, Coroutine
from typing import Any

import asyncpg
import pytest
from structlog.testing import capture_logs

from app.core.secret_keys import new_key
from app.core.settings import Settings
from app.webhooks.lanes import STANDARD_CLAIM
from tests.builders.dump import dump_of, forms_of
from tests.builders.receiver import WebhookReceiver, listening
from tests.builders.workers import until, until_settled, working
from tests.department import Department, Json

Damage = Callable[[asyncpg.Connection, Json, Json], Coroutine[Any, Any, str]]


async def endpoint_at(department: Department, receiver: WebhookReceiver) -> Json:
    return await department.operations.post("/webhook-endpoints", {"url": receiver.url, "event_types": ["account.*"]})


def unreadable(logs: list[Any], endpoint: Json) -> list[tuple[str, str]]:
    """What was logged about an endpoint's secret: level and class of the error."""
    return [
        (line["log_level"], line["error"])
        for line in logs
        if "unreadable" in line["event"] and line["endpoint_id"] == endpoint["id"]
    ]


async def look_into(logs: list[Any], endpoint: Json) -> list[Any]:
    return unreadable(logs, endpoint)


async def move(owner: asyncpg.Connection, endpoint: Json, other: Json) -> str:
    """Give the endpoint what was sealed for another one."""
    await owner.execute(
        "UPDATE webhook_endpoints SET secret = (SELECT secret FROM webhook_endpoints WHERE id = $2) WHERE id = $1",
        endpoint["id"],
        other["id"],
    )
    return "SecretDamaged"


async def alter(owner: asyncpg.Connection, endpoint: Json, _other: Json) -> str:
    await owner.execute(
        "UPDATE webhook_endpoints SET secret = set_byte(secret, 40, get_byte(secret, 40) # 1) WHERE id = $1",
        endpoint["id"],
    )
    return "SecretDamaged"


async def empty(owner: asyncpg.Connection, endpoint: Json, _other: Json) -> str:
    await owner.execute("UPDATE webhook_endpoints SET secret = '' WHERE id = $1", endpoint["id"])
    return "SecretDamaged"


async def damage_old_secret(owner: asyncpg.Connection, endpoint: Json, other: Json) -> str:
    await owner.execute(
        "UPDATE webhook_endpoints SET old_secret_expires_at = now() + interval '1 hour', "
        "old_secret = (SELECT secret FROM webhook_endpoints WHERE id = $2) WHERE id = $1",
        endpoint["id"],
        other["id"],
    )
    return "SecretDamaged"


async def rename_key(owner: asyncpg.Connection, endpoint: Json, _other: Json) -> str:
    """Make it say that it was sealed with another key."""
    await owner.execute("UPDATE webhook_endpoints SET secret = set_byte(secret, 2, 120) WHERE id = $1", endpoint["id"])
    return "SecretKeyUnknown"


async def test_no_secret_is_in_a_dump_of_the_database(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, working(settings):
        endpoint = await endpoint_at(department, receiver)
        path = f"/webhook-endpoints/{endpoint['id']}"
        rotated = await department.operations.post(f"{path}/secret-rotation")
        await department.operations.post(f"{path}/test", expect=200)
        await department.operations.post("/accounts", {"name": "Acme"})
        await until_settled(owner, endpoint["id"], 1)

    dump = await dump_of(owner)

    assert receiver.url.encode() in dump
    found = [form for each in (endpoint, rotated) for form in forms_of(each["secret"]) if form in dump]
    assert found == []


@pytest.mark.parametrize("damage", [move, alter, empty, damage_old_secret, rename_key])
async def test_an_endpoint_whose_secret_cannot_be_read_is_sent_nothing_and_others_go_on(
    department: Department, settings: Settings, owner: asyncpg.Connection, damage: Damage
) -> None:
    async with listening() as receiver, listening() as other_receiver:
        endpoint, other = await endpoint_at(department, receiver), await endpoint_at(department, other_receiver)
        error = await damage(owner, endpoint, other)
        with capture_logs() as logs:
            async with working(settings) as (task,):
                for number in range(5):
                    await department.operations.post("/accounts", {"name": f"Account {number}"})
                    await until_settled(owner, other["id"], number + 1)
                is_running = not task.done()

    assert is_running
    assert unreadable(logs, endpoint) == [("error", error)]
    assert (len(receiver.messages), len(other_receiver.messages)) == (0, 5)
    owed = await owner.fetch(
        "SELECT status, attempts, lease_until FROM webhook_deliveries "
        "JOIN webhook_lanes USING (endpoint_id, subject_id) WHERE endpoint_id = $1",
        endpoint["id"],
    )
    assert [tuple(row) for row in owed] == [("pending", 0, None)] * 5
    health = await department.operations.get(f"/webhook-endpoints/{endpoint['id']}")
    assert (health["state"], health["failing_since"], health["consecutive_failures"]) == ("enabled", None, 0)


async def test_another_organizations_secret_does_not_sign(
    department: Department, other_department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver, listening() as other_receiver:
        ours, theirs = await endpoint_at(department, receiver), await endpoint_at(other_department, other_receiver)
        await move(owner, ours, theirs)
        async with working(settings):
            await department.operations.post("/accounts", {"name": "Ours"})
            await other_department.operations.post("/accounts", {"name": "Theirs"})
            await until_settled(owner, theirs["id"], 1)

    assert (len(receiver.messages), len(other_receiver.messages)) == (0, 1)


async def test_a_worker_takes_its_share_of_an_unreadable_endpoint_once_and_leaves_it_alone(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await endpoint_at(department, receiver)
        await alter(owner, endpoint, endpoint)
        await owner.execute("UPDATE webhook_endpoints SET state = 'disabled' WHERE id <> $1", endpoint["id"])
        healthy = await endpoint_at(department, receiver)
        await owe(owner, endpoint, 5_000)
        before = await owner.fetchval("SELECT last_value FROM webhook_lane_tokens")
        async with working(settings):
            for number in range(10):
                await department.operations.post("/accounts", {"name": f"Account {number}"})
                await until_settled(owner, healthy["id"], number + 1)
        leases = await owner.fetchval("SELECT last_value FROM webhook_lane_tokens") - before
        await department.operations.delete(f"/webhook-endpoints/{endpoint['id']}")

    assert leases <= STANDARD_CLAIM.lanes_per_endpoint + 50


async def owe(owner: asyncpg.Connection, endpoint: Json, count: int) -> None:
    """Lanes of so many subjects that have waited for an hour, longer than anything else."""
    await owner.execute(
        "WITH owed AS (INSERT INTO webhook_deliveries "
        "(organization_id, endpoint_id, event_id, event_type, subject_id, sequence) "
        "SELECT organization_id, id, gen_random_uuid(), 'account.created', gen_random_uuid(), 1 "
        "FROM webhook_endpoints, generate_series(1, $2) WHERE id = $1 RETURNING *) "
        "INSERT INTO webhook_lanes (organization_id, endpoint_id, subject_id, due_at) "
        "SELECT organization_id, endpoint_id, subject_id, now() - interval '1 hour' FROM owed",
        endpoint["id"],
        count,
    )


async def test_when_the_key_is_back_everything_is_delivered_in_order(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    other_ring = settings.model_copy(update={"secret_keys": Settings(secret_keys=new_key()).secret_keys})
    async with listening() as receiver:
        endpoint = await endpoint_at(department, receiver)
        account = await department.operations.post("/accounts", {"name": "Acme"})
        await department.operations.patch(f"/accounts/{account['id']}", {"country": "Kenya"})
        with capture_logs() as logs:
            async with working(other_ring):
                await until(lambda: look_into(logs, endpoint), bool)
        sent_without_the_key = len(receiver.messages)
        async with working(settings):
            rows = await until_settled(owner, endpoint["id"], 2)

    assert unreadable(logs, endpoint) == [("error", "SecretKeyUnknown")]
    assert sent_without_the_key == 0
    assert [(row["status"], row["attempts"]) for row in rows] == [("delivered", 1)] * 2
    assert receiver.sequences_of(account["id"]) == [1, 2]
    assert all(message.is_signed_with(endpoint["secret"]) for message in receiver.messages)


async def test_a_rotation_that_expires_it_at_once_mends_an_endpoint_whose_secret_cannot_be_read(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await endpoint_at(department, receiver)
        path = f"/webhook-endpoints/{endpoint['id']}"
        await alter(owner, endpoint, endpoint)
        await department.operations.post("/accounts", {"name": "Acme"})
        refused = [
            await department.operations.post(f"{path}/{each}", expect=409) for each in ("test", "secret-rotation")
        ]
        rotated = await department.operations.post(f"{path}/secret-rotation", {"expire_old_secret_in_seconds": 0})
        async with working(settings):
            await until_settled(owner, endpoint["id"], 1)

    assert [problem["code"] for problem in refused] == ["secret_not_readable"] * 2
    assert [message.is_signed_with(rotated["secret"]) for message in receiver.messages] == [True]
