import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError as StandardRefusal
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixRefusal

from app.core.database import Transaction
from app.core.settings import Settings
from app.webhooks.rotation import SecretRotating, rotate_secret
from app.webhooks.schemas import WebhookSecretRotation
from tests.builders.dump import dump_of, forms_of
from tests.builders.receiver import Message, listening
from tests.builders.workers import until, until_settled, until_somebody_waits, working
from tests.department import Department, Json

NOWHERE = {"url": "http://127.0.0.1:9/", "event_types": ["account.*"]}


def signers(message: Message, *secrets: str) -> list[bool]:
    """Which secrets both published libraries accept the message with."""
    return [_is_accepted(message, secret) for secret in secrets]


def _is_accepted(message: Message, secret: str) -> bool:
    verdicts = set()
    for library, refusal in ((StandardWebhook, StandardRefusal), (SvixWebhook, SvixRefusal)):
        try:
            library(secret).verify(message.body, message.headers)
            verdicts.add(True)
        except refusal:
            verdicts.add(False)
    (verdict,) = verdicts
    return verdict


async def rotate(department: Department, endpoint: Json, expect: int = 201, **options: int) -> Json:
    return await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/secret-rotation", options, expect)


async def expire(owner: asyncpg.Connection, endpoint: Json) -> None:
    await owner.execute(
        "UPDATE webhook_endpoints SET old_secret_expires_at = now() - interval '1 second' WHERE id = $1", endpoint["id"]
    )


async def test_both_secrets_sign_what_is_delivered_during_a_rotation_and_only_the_new_one_afterwards(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        async with working(settings):
            await department.operations.post("/accounts", {"name": "Before"})
            await until_settled(owner, endpoint["id"], 1)
            rotated = await rotate(department, endpoint)
            await department.operations.post("/accounts", {"name": "During"})
            await until_settled(owner, endpoint["id"], 2)
            await expire(owner, endpoint)
            await department.operations.post("/accounts", {"name": "After"})
            await until_settled(owner, endpoint["id"], 3)

    old, new = endpoint["secret"], rotated["secret"]
    before, during, after = receiver.messages
    assert [signers(message, old, new) for message in (before, during, after)] == [
        [True, False],
        [True, True],
        [False, True],
    ]
    entries = during.headers["webhook-signature"].split(" ")
    assert [entry.split(",")[0] for entry in entries] == ["v1", "v1"]
    alone = Message(during.headers | {"webhook-signature": entries[0]}, during.body)
    assert signers(alone, old, new) == [False, True]


async def test_a_test_is_signed_by_both_secrets_during_a_rotation_only(
    department: Department, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        path = f"/webhook-endpoints/{endpoint['id']}/test"
        rotated = await rotate(department, endpoint)
        await department.operations.post(path, expect=200)
        await expire(owner, endpoint)
        await department.operations.post(path, expect=200)

    during, after = receiver.messages
    assert signers(during, endpoint["secret"], rotated["secret"]) == [True, True]
    assert signers(after, endpoint["secret"], rotated["secret"]) == [False, True]


async def test_a_leaked_secret_signs_no_more_at_once_and_is_gone(
    department: Department, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        rotated = await rotate(department, endpoint, expire_old_secret_in_seconds=0)
        await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/test", expect=200)

    assert signers(receiver.messages[0], endpoint["secret"], rotated["secret"]) == [False, True]
    assert rotated["old_secret_expires_at"] is None
    assert await owner.fetchval("SELECT old_secret FROM webhook_endpoints WHERE id = $1", endpoint["id"]) is None


async def test_the_new_secret_is_shown_once_and_the_version_advances(
    department: Department, owner: asyncpg.Connection
) -> None:
    endpoint = await department.operations.post("/webhook-endpoints", NOWHERE)
    path = f"/webhook-endpoints/{endpoint['id']}"

    answer = await department.operations.request("POST", f"{path}/secret-rotation", json={})

    rotated = answer.json()
    expires_in = datetime.fromisoformat(rotated["old_secret_expires_at"]) - datetime.now(UTC)
    assert (answer.status_code, answer.headers["ETag"], rotated["version"]) == (201, '"2"', 2)
    assert rotated["secret"] != endpoint["secret"]
    assert timedelta(hours=23, minutes=59) < expires_in <= timedelta(hours=24)
    assert await department.operations.get(path) == {name: value for name, value in rotated.items() if name != "secret"}
    assert await owner.fetch("SELECT FROM events WHERE subject_id = $1", endpoint["id"]) == []


async def test_a_third_secret_is_refused_until_the_first_has_expired(
    department: Department, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        first = await rotate(department, endpoint, expire_old_secret_in_seconds=3600)
        refused = await rotate(department, endpoint, expect=409)
        await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/test", expect=200)
        await expire(owner, endpoint)
        second = await rotate(department, endpoint)
        await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/test", expect=200)

    assert refused["code"] == "secret_rotating"
    secrets = (endpoint["secret"], first["secret"], second["secret"])
    assert [signers(message, *secrets) for message in receiver.messages] == [[True, True, False], [False, True, True]]


async def test_expiring_at_once_ends_a_rotation_that_is_under_way(department: Department) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        first = await rotate(department, endpoint)
        second = await rotate(department, endpoint, expire_old_secret_in_seconds=0)
        await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/test", expect=200)

    assert signers(receiver.messages[0], endpoint["secret"], first["secret"], second["secret"]) == [False, False, True]


async def test_of_many_rotations_at_once_one_is_made_and_no_secret_is_lost(department: Department) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        path = f"/webhook-endpoints/{endpoint['id']}"
        answers = await asyncio.gather(
            *(department.operations.request("POST", f"{path}/secret-rotation", json={}) for _ in range(8))
        )
        await department.operations.post(f"{path}/test", expect=200)

    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]
    (made,) = (answer.json() for answer in answers if answer.status_code == 201)
    assert made["version"] == 2
    assert signers(receiver.messages[0], endpoint["secret"], made["secret"]) == [True, True]


async def test_a_rotation_that_is_sent_again_is_made_once_and_its_secret_is_not_kept(
    department: Department, owner: asyncpg.Connection
) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        path = f"/webhook-endpoints/{endpoint['id']}"
        first = await department.operations.post_keyed(f"{path}/secret-rotation", {}, "rotation-1")
        again = await department.operations.post_keyed(f"{path}/secret-rotation", {}, "rotation-1")
        await department.operations.post(f"{path}/test", expect=200)

    assert (first.status_code, again.status_code, again.json()["code"]) == (201, 409, "secret_shown_once")
    assert signers(receiver.messages[0], endpoint["secret"], first.json()["secret"]) == [True, True]
    dump = await dump_of(owner)
    assert [form for form in forms_of(first.json()["secret"]) if form in dump] == []


async def test_a_rotation_waits_for_the_one_before_it(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    endpoint_id = UUID((await department.operations.post("/webhook-endpoints", NOWHERE))["id"])

    async def rotate_directly(tx: Transaction) -> Json:
        return await rotate_secret(tx, settings.secret_box(), endpoint_id, WebhookSecretRotation(), None)

    async def rotate_beside() -> Json:
        async with department.database.begin(department.system) as tx:
            return await rotate_directly(tx)

    async with department.database.begin(department.system) as tx:
        await rotate_directly(tx)
        second = asyncio.create_task(rotate_beside())
        await until_somebody_waits(owner)

    with pytest.raises(SecretRotating):
        await second


async def test_of_many_that_expire_the_old_secret_at_once_the_last_one_signs_alone(department: Department) -> None:
    async with listening() as receiver:
        endpoint = await department.operations.post("/webhook-endpoints", NOWHERE | {"url": receiver.url})
        rotations = await asyncio.gather(
            *(rotate(department, endpoint, expire_old_secret_in_seconds=0) for _ in range(8))
        )
        await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/test", expect=200)

    in_order = sorted(rotations, key=lambda rotation: int(rotation["version"]))
    assert [rotation["version"] for rotation in in_order] == list(range(2, 10))
    signed = signers(receiver.messages[0], endpoint["secret"], *(rotation["secret"] for rotation in in_order))
    assert signed == [*[False] * 8, True]


async def test_a_stale_version_is_not_rotated(department: Department) -> None:
    endpoint = await department.operations.post("/webhook-endpoints", NOWHERE)
    path = f"/webhook-endpoints/{endpoint['id']}"
    await department.operations.patch(path, {"description": "Newer"})

    stale = await department.operations.request("POST", f"{path}/secret-rotation", json={}, headers={"If-Match": '"1"'})
    current = await department.operations.request(
        "POST", f"{path}/secret-rotation", json={}, headers={"If-Match": '"2"'}
    )

    assert (stale.status_code, current.status_code) == (412, 201)
    assert "secret" not in stale.json()


@pytest.mark.parametrize("seconds", [-1, 86_401, None, "soon"])
async def test_an_overlap_beyond_a_day_is_refused(department: Department, seconds: object) -> None:
    endpoint = await department.operations.post("/webhook-endpoints", NOWHERE)

    refused = await department.operations.post(
        f"/webhook-endpoints/{endpoint['id']}/secret-rotation", {"expire_old_secret_in_seconds": seconds}, expect=422
    )

    assert [error["pointer"] for error in refused["errors"]] == ["/expire_old_secret_in_seconds"]


async def test_only_those_who_may_write_webhooks_rotate_and_only_their_own(
    department: Department, other_department: Department
) -> None:
    endpoint = await department.operations.post("/webhook-endpoints", NOWHERE)
    path = f"/webhook-endpoints/{endpoint['id']}/secret-rotation"
    manager = await department.manager()

    await manager.post(path, expect=403)
    await other_department.operations.post(path, expect=404)

    assert (await department.operations.get(f"/webhook-endpoints/{endpoint['id']}"))["version"] == 1


async def test_workers_wipe_old_secrets_that_have_expired_and_no_others(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    endpoints = [await department.operations.post("/webhook-endpoints", NOWHERE) for _ in range(2)]
    for endpoint in endpoints:
        await rotate(department, endpoint)
    await expire(owner, endpoints[0])

    async with working(settings):
        await until(
            lambda: owner.fetch(
                "SELECT FROM webhook_endpoints WHERE id = $1 AND old_secret IS NULL", endpoints[0]["id"]
            ),
            bool,
        )

    kept = [await department.operations.get(f"/webhook-endpoints/{endpoint['id']}") for endpoint in endpoints]
    assert [each["old_secret_expires_at"] is None for each in kept] == [True, False]
    assert [each["version"] for each in kept] == [2, 2]
