"""A receiver's process as the harness sees it: told how to behave, its log read as it grows."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.faults.behaviour import Behaviour
from bench.faults.delivery_checker import Owed
from bench.faults.history import Answered, Arrival, ReceiverLog
from bench.processes import Program

_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a message carried besides its body."""

    arrival: Arrival
    timestamp: str
    signature: str


@dataclass(slots=True)
class Receiver:
    """A receiver's process; `read` takes in what it has written down since the last time."""

    program: Program
    url: str
    path: Path
    secrets: dict[str, str] = field(default_factory=dict)
    log: ReceiverLog = field(default_factory=ReceiverLog)
    acknowledged: dict[Owed, float] = field(default_factory=dict)
    first_arrivals: dict[Owed, float] = field(default_factory=dict)
    broken_off: dict[int, float] = field(default_factory=dict)
    signed: list[Signed] = field(default_factory=list)
    _offset: int = 0
    _open: dict[int, Owed] = field(default_factory=dict)

    async def behave(self, session: aiohttp.ClientSession, name: str, behaviour: Behaviour) -> None:
        """Tell how a path behaves from now on."""
        async with session.put(f"{self.url}/-/{name}", json=behaviour.as_json()) as response:
            response.raise_for_status()

    def read(self) -> int:
        """Take in what is new, and give the number of messages so far."""
        with self.path.open("rb") as file:
            file.seek(self._offset)
            text = file.read()
        complete = text[: text.rfind(b"\n") + 1]
        self._offset += len(complete)
        for line in complete.splitlines():
            self._take(json.loads(line))
        return len(self.signed)

    def _take(self, entry: list[Any]) -> None:
        match entry:
            case ["a", number, at, name, event_id, timestamp, signature, sha256]:
                arrival = Arrival(number, at, name, event_id, sha256)
                self.log.entries.append(arrival)
                self.signed.append(Signed(arrival, timestamp, signature))
                self._open[number] = (name, event_id)
                self.first_arrivals.setdefault((name, event_id), at)
            case ["k", number, at, status]:
                self.log.entries.append(Answered(number, at, status))
                owed = self._open.pop(number)
                if status in _SUCCESS:
                    self.acknowledged.setdefault(owed, at)
            case ["c", number, at]:
                self.broken_off[number] = at


def is_signed_with(secret: str, message: Signed, body: bytes) -> bool:
    """Whether the signature is right by the words of Standard Webhooks, written here a second time."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{message.arrival.event_id}.{message.timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
    return expected in message.signature.split(" ")
