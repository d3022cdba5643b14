import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from app.core.database import Database, connect
from app.core.roles import WORKER_ROLE
from app.core.secret_box import SecretBox, SecretUnreadable
from app.core.secret_keys import new_key, parse_keys
from app.core.settings import Settings
from app.webhooks.endpoint_secrets import SealedSecrets, open_secrets
from app.webhooks.reencryption import reencrypt_secrets
from app.webhooks.rotation import rotate_secret
from app.webhooks.schemas import WebhookSecretRotation
from tests.builders.workers import until_somebody_waits
from tests.conftest import SECRET_KEYS
from tests.department import Department, Json

NEW_KEY = new_key()
OLD, BOTH, NEW = (SecretBox(parse_keys(written)) for written in (SECRET_KEYS, f"{NEW_KEY},{SECRET_KEYS}", NEW_KEY))


@pytest.fixture
async def worker_database(settings: Settings, owner: asyncpg.Connection) -> AsyncIterator[Database]:
    """A connection in the worker's role to a database without endpoints."""
    await owner.execute("DELETE FROM webhook_endpoints")
    database = await connect(settings, role=WORKER_ROLE, size=2, acquire_timeout_seconds=5)
    yield database
    await owner.execute("DELETE FROM webhook_endpoints")
    await database.close()


async def endpoints_of(department: Department, count: int) -> list[Json]:
    fields = {"url": "http://127.0.0.1:9/", "event_types": ["account.*"]}
    return [await department.operations.post("/webhook-endpoints", fields) for _ in range(count)]


async def stored(owner: asyncpg.Connection) -> list[SealedSecrets]:
    rows = await owner.fetch("SELECT organization_id, id, secret, old_secret FROM webhook_endpoints ORDER BY id")
    return [SealedSecrets(*row) for row in rows]


def opened(box: SecretBox, sealed: SealedSecrets) -> tuple[str, ...] | None:
    try:
        return open_secrets(box, sealed)
    except SecretUnreadable:
        return None


async def test_all_secrets_of_all_organizations_come_under_the_first_key(
    department: Department, other_department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    endpoints = [*await endpoints_of(department, 4), *await endpoints_of(other_department, 3)]
    rotated = await department.operations.post(f"/webhook-endpoints/{endpoints[0]['id']}/secret-rotation")

    done = await reencrypt_secrets(worker_database, BOTH, batch=2)
    again = await reencrypt_secrets(worker_database, BOTH, batch=2)

    expected = [(rotated["secret"], endpoints[0]["secret"]), *((each["secret"],) for each in endpoints[1:])]
    after = await stored(owner)
    assert (done.changed, done.unchanged, done.unreadable) == (7, 0, [])
    assert (again.changed, again.unchanged, again.unreadable) == (0, 7, [])
    assert [opened(NEW, sealed) for sealed in after] == expected
    assert [opened(OLD, sealed) for sealed in after] == [None] * 7


async def test_what_can_be_seen_of_an_endpoint_stays_as_it_is(
    department: Department, worker_database: Database
) -> None:
    (endpoint,) = await endpoints_of(department, 1)

    await reencrypt_secrets(worker_database, BOTH)

    assert await department.operations.get(f"/webhook-endpoints/{endpoint['id']}") == {
        name: value for name, value in endpoint.items() if name != "secret"
    }


async def test_what_cannot_be_read_is_named_and_left_as_it_is(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    good, bad = await endpoints_of(department, 2)
    await owner.execute("UPDATE webhook_endpoints SET secret = 'damaged' WHERE id = $1", bad["id"])

    done = await reencrypt_secrets(worker_database, BOTH)

    assert (done.changed, [str(each) for each in done.unreadable]) == (1, [bad["id"]])
    first, second = await stored(owner)
    assert opened(NEW, first) == (good["secret"],)
    assert second.current == b"damaged"


async def test_old_secrets_that_have_expired_are_wiped_even_if_they_cannot_be_read(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    (endpoint,) = await endpoints_of(department, 1)
    await owner.execute(
        "UPDATE webhook_endpoints SET old_secret = 'damaged', old_secret_expires_at = now() - interval '1 hour'"
    )

    done = await reencrypt_secrets(worker_database, BOTH)

    assert (done.changed, done.unreadable) == (1, [])
    assert [opened(NEW, sealed) for sealed in await stored(owner)] == [(endpoint["secret"],)]


async def test_a_rotation_meanwhile_is_not_overwritten(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    (endpoint,) = await endpoints_of(department, 1)

    async with department.database.begin(department.system) as tx:
        rotated = await rotate_secret(tx, BOTH, UUID(endpoint["id"]), WebhookSecretRotation(), None)
        reencrypting = asyncio.create_task(reencrypt_secrets(worker_database, BOTH))
        await until_somebody_waits(owner)
    await reencrypting

    assert [opened(NEW, sealed) for sealed in await stored(owner)] == [(rotated["secret"], endpoint["secret"])]
