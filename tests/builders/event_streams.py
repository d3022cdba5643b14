"""A client of the event stream: reads messages as a browser's EventSource does, and comes back where it was."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.core.database import Database
from app.outbox.place import BEGINNING, Place
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.server_process import ServerProcess
from tests.department import Actor, Department

_IP_MINTTL = 21  # of Linux


@dataclass(frozen=True)
class Message:
    id: str
    event: str
    data: bytes

    @property
    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.data)
        return body


@dataclass
class EventStreamClient:
    """One connection. `last_id` is what EventSource would send when it comes back."""

    response: httpx.Response
    last_id: str = ""
    heartbeats: int = 0
    _lines: AsyncIterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = _lines_of(self.response)

    async def read(self, count: int) -> list[Message]:
        """The next messages, so many; an `id` without `data` is remembered and gives none."""
        messages: list[Message] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(messages) < count:
                message = await self.block()
                messages += [message] if message is not None else []
        return messages

    async def until_at(self, place: Place) -> None:
        """Read heartbeats until they have come to the place; a message would be an error."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not self.last_id or Place.of(self.last_id) < place:
                assert await self.block() is None

    async def until_end(self) -> list[Message]:
        """Whatever comes until the server ends the answer in good order."""
        messages: list[Message] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    message = await self.block()
                except StopAsyncIteration:
                    return messages
                messages += [message] if message is not None else []

    async def block(self) -> Message | None:
        """The next block of lines, if it is a message."""
        fields: dict[str, bytes] = {}
        while line := await anext(self._lines):
            name, _, value = line.partition(b": ")
            self.heartbeats += line.startswith(b":")
            fields[name.decode()] = value
        self.last_id = fields.get("id", self.last_id.encode()).decode()
        if "data" not in fields:
            return None
        return Message(self.last_id, fields["event"].decode(), fields["data"])


async def _lines_of(response: httpx.Response) -> AsyncIterator[bytes]:
    rest = b""
    async for chunk in response.aiter_bytes():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line


@asynccontextmanager
async def served_by(server: ServerProcess, database: Database) -> AsyncIterator[Department]:
    """A new department that speaks to a server process."""
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as http:
        yield await Department.found(database, http)


@asynccontextmanager
async def streaming(actor: Actor, last_id: str = "", **params: Any) -> AsyncIterator[EventStreamClient]:
    """A connection of its own to a real server; ready when the opening has arrived."""
    headers = {"Authorization": f"Bearer {actor.key}"} | ({"Last-Event-ID": last_id} if last_id else {})
    async with actor.http.stream("GET", "/v1/events/stream", params=params, headers=headers) as response:
        assert response.status_code == httpx.codes.OK, await response.aread()
        client = EventStreamClient(response)
        assert await client.block() is None
        yield client


@dataclass
class ReconnectingReader:
    """Reads a few messages per connection, and comes back with the last id; see `tests.builders.feed.Reader`."""

    actor: Actor
    start: str
    connections: int = 0

    async def read(self, count: int) -> list[dict[str, Any]]:
        events: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(events) < count:
                events += await self.read_to_the_end()
        return events

    async def read_to_the_end(self) -> list[dict[str, Any]]:
        """One connection: a few messages, fewer when a heartbeat comes before them."""
        self.connections += 1
        events: list[dict[str, Any]] = []
        async with streaming(self.actor, self.start) as stream:
            while len(events) < 1 + self.connections % 40 and (message := await stream.block()):
                events.append(message.body)
            self.start = stream.last_id
        return events


def open_and_never_read(actor: Actor, cursor: str) -> socket.socket:
    """A connection that asks for a stream and takes nothing of it."""
    url = actor.http.base_url
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect((url.host, url.port))
    request = f"GET /v1/events/stream?cursor={cursor} HTTP/1.1\r\nHost: stageline\r\nAuthorization: Bearer {actor.key}"
    stuck.sendall(f"{request}\r\n\r\n".encode())
    return stuck


async def open_and_vanish(actor: Actor) -> socket.socket:
    """A connection whose stream has begun, and whose machine was then cut off: it acknowledges and says nothing."""
    vanished = open_and_never_read(actor, BEGINNING.cursor)
    vanished.settimeout(PATIENCE_SECONDS)
    assert (await asyncio.to_thread(vanished.recv, 12)) == b"HTTP/1.1 200"
    vanished.setsockopt(socket.IPPROTO_IP, _IP_MINTTL, 255)  # the kernel drops what comes from the server, unseen
    return vanished
