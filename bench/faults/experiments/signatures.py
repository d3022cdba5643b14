"""E11: what the service signs is verified by the libraries that consumers use, and altered messages are not."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from standardwebhooks import Webhook as StandardWebhook
from standardwebhooks import WebhookVerificationError as StandardRefusal
from svix.webhooks import Webhook as SvixWebhook
from svix.webhooks import WebhookVerificationError as SvixRefusal

from bench.faults.experiment import Experiment, Findings, Run
from bench.processes import Program, module, output_of

_SHOW_EVERY = 200


@dataclass(frozen=True, slots=True)
class _Message:
    secret: str
    headers: dict[str, str]
    body: bytes


def _by_standard(message: _Message) -> bool:
    try:
        StandardWebhook(message.secret).verify(message.body, message.headers)
    except StandardRefusal:
        return False
    return True


def _by_svix(message: _Message) -> bool:
    try:
        SvixWebhook(message.secret).verify(message.body, message.headers)
    except SvixRefusal:
        return False
    return True


_LIBRARIES: dict[str, Callable[[_Message], bool]] = {"standardwebhooks": _by_standard, "svix": _by_svix}


async def _perform(run: Run) -> Findings:
    count = run.pick(short=500, full=10_000)
    output = run.stage.folder / "signer.txt"
    arguments = module("faults.programs.signer", str(count), str(run.rng.getrandbits(31)))
    program = Program(run.stage.tree, arguments, output)
    *lines, _ = (await output_of(program)).splitlines()
    accepted = dict.fromkeys(_LIBRARIES, 0)
    refused = dict.fromkeys(_LIBRARIES, 0)
    for number, line in enumerate(lines):
        if number % _SHOW_EVERY == 0:
            run.tell("messages", number, count)
        told = json.loads(line)
        message = _Message(told["secret"], told["headers"], base64.b64decode(told["body"]))
        altered = _altered(message, run.rng)
        for name, verifies in _LIBRARIES.items():
            accepted[name] += verifies(message)
            refused[name] += not verifies(altered)
    findings = Findings()
    for name in _LIBRARIES:
        findings.add(f"accepted by {name}", accepted[name], "=", count)
        findings.add(f"altered ones refused by {name}", refused[name], "=", count)
    return findings


def _altered(message: _Message, rng: random.Random) -> _Message:
    """The message with one thing changed: a bit of the body, its id, or its time."""
    match rng.randrange(4):
        case 0:
            headers = message.headers | {"webhook-id": message.headers["webhook-id"] + "0"}
            return _Message(message.secret, headers, message.body)
        case 1:
            headers = message.headers | {"webhook-timestamp": str(int(message.headers["webhook-timestamp"]) - 1)}
            return _Message(message.secret, headers, message.body)
        case _:
            return _Message(message.secret, message.headers, _altered_body(message.body, rng))


def _altered_body(body: bytes, rng: random.Random) -> bytes:
    """With one bit of one byte changed; still UTF-8, which the libraries decode before they verify."""
    while True:
        altered = bytearray(body)
        altered[rng.randrange(len(body))] ^= 1 << rng.randrange(8)
        try:
            altered.decode()
        except UnicodeDecodeError:
            continue
        return bytes(altered)


SIGNATURES = Experiment(
    "E11",
    "10,000 random bodies verified by standardwebhooks and svix; 10,000 altered ones",
    "all accepted; all refused",
    _perform,
)
