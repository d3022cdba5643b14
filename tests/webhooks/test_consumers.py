import json
import re
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from app.core.settings import Settings
from app.webhooks.signing import new_secret, signed_headers
from bench.processes import free_port
from tests.builders.consumers import ALL, EXAMPLES, LIBRARIES, ROOT, Consumer, Kind, command_of, consuming
from tests.builders.receiver import Message, listening
from tests.builders.workers import until_settled, working
from tests.department import Department


@dataclass
class Encounter:
    """A consumer that a worker has delivered three events of an account to, and the first of these messages."""

    consumer: Consumer
    secret: str
    attempts: list[tuple[str, int]]
    first: Message


@pytest.fixture
async def encounter(
    request: pytest.FixtureRequest,
    department: Department,
    settings: Settings,
    owner: asyncpg.Connection,
    tmp_path: Path,
) -> AsyncIterator[Encounter]:
    kind: Kind = request.param
    command, port = command_of(kind, request.config.cache.mkdir), free_port()
    operations = department.operations
    endpoint = await operations.post(
        "/webhook-endpoints", {"url": f"http://127.0.0.1:{port}/hook", "event_types": ["account.*"]}
    )
    account = await operations.post("/accounts", {"name": "Ærø – “Süd”"})
    for country in ("Kenya", "Denmark"):
        await operations.patch(f"/accounts/{account['id']}", {"country": country})
    async with (
        consuming(command, port, endpoint["secret"], kind[1], tmp_path) as consumer,
        listening() as receiver,
        working(settings),
    ):
        rows = await until_settled(owner, endpoint["id"], 3)
        await operations.patch(f"/webhook-endpoints/{endpoint['id']}", {"url": receiver.url})
        await operations.post(f"/webhook-deliveries/{rows[0]['id']}/redelivery", expect=202)
        await receiver.until_count(1)
        attempts = [(row["status"], row["attempts"]) for row in rows]
        yield Encounter(consumer, endpoint["secret"], attempts, receiver.messages[0])


def name_of(kind: Kind) -> str:
    return "-".join(kind)


every_consumer = pytest.mark.parametrize("encounter", ALL, indirect=True, ids=name_of)
every_example = pytest.mark.parametrize("encounter", EXAMPLES, indirect=True, ids=name_of)


@every_consumer
async def test_takes_what_a_worker_delivers_and_refuses_whatever_was_altered(encounter: Encounter) -> None:
    body, genuine, post = encounter.first.body, signature_headers(encounter.first), encounter.consumer.post
    now, entry = int(genuine["webhook-timestamp"]), genuine["webhook-signature"]
    altered = {
        "a byte of the body": (body.replace(b'"sequence":1', b'"sequence":9'), genuine),
        "a space after the body": (body + b" ", genuine),
        "the id": (body, genuine | {"webhook-id": str(uuid4())}),
        "the timestamp": (body, genuine | {"webhook-timestamp": str(now + 1)}),
        "the signature": (body, genuine | {"webhook-signature": "v1," + entry[3:].swapcase()}),
        "the version of the signature": (body, genuine | {"webhook-signature": entry.replace("v1,", "v1a,")}),
        "the secret": (body, signed_headers([new_secret()], encounter.first.id, now, body)),
        "an old time": (body, signed_headers([encounter.secret], encounter.first.id, now - 400, body)),
        "a time to come": (body, signed_headers([encounter.secret], encounter.first.id, now + 400, body)),
        **{f"no {name}": (body, {each: genuine[each] for each in genuine if each != name}) for name in genuine},
    }

    repeated = await post(body, genuine)
    answers = {name: await post(*message) for name, message in altered.items()}

    assert encounter.attempts == [("delivered", 1)] * 3
    assert repeated == 204
    assert answers == dict.fromkeys(altered, 400)


@every_consumer
async def test_takes_a_message_that_the_old_and_the_new_secret_have_signed(encounter: Encounter) -> None:
    body, secrets = encounter.first.body, [new_secret(), encounter.secret]
    now = int(time.time())

    answers = [
        await encounter.consumer.post(body, signed_headers(pair, encounter.first.id, now, body))
        for pair in (secrets, secrets[::-1])
    ]

    assert answers == [204, 204]


@every_example
async def test_handles_each_event_once_and_knows_one_that_comes_late(encounter: Encounter) -> None:
    late_id = str(uuid4())
    late = json.dumps(encounter.first.event | {"id": late_id}).encode()

    await encounter.consumer.post(encounter.first.body, signature_headers(encounter.first))
    await encounter.consumer.post(late, signed_headers([encounter.secret], late_id, int(time.time()), late))

    assert encounter.consumer.lines == [
        "account 1 account.created",
        "account 2 account.updated",
        "account 3 account.updated",
        "account 1 account.created late",
    ]


@pytest.mark.parametrize("example", ["consumer.py", "consumer.mjs"])
def test_the_guide_shows_the_examples_word_for_word(example: str) -> None:
    guide = (ROOT / "openapi" / "webhooks.md").read_text(encoding="utf-8")

    shown = re.findall(r"```(?:python|js)\n(.*?)```", guide, flags=re.DOTALL)

    assert (ROOT / "examples" / example).read_text(encoding="utf-8") in shown


def test_the_locked_packages_come_from_the_public_registry() -> None:
    lock = (LIBRARIES / "package-lock.json").read_text(encoding="utf-8")

    resolved = re.findall(r'"resolved": "([^"]+)"', lock)

    assert [url for url in resolved if not url.startswith("https://registry.npmjs.org/")] == []
    assert lock.count('"integrity": "sha512-') == lock.count('"node_modules/')


def signature_headers(message: Message) -> dict[str, str]:
    return {name: message.headers[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
