"""A wire between the service and Postgres that tells what passed, and can be cut at a COMMIT."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from urllib.parse import parse_qs, urlsplit, urlunsplit

_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
_CHUNK = 1 << 16


class Cut(Enum):
    """Where a wire breaks."""

    BEFORE_COMMIT = auto()
    AFTER_COMMIT = auto()


@dataclass
class Wire:
    """`url` leads through it; `sent` holds what the service said, a piece for each round trip."""

    url: str = ""
    sent: list[bytes] = field(default_factory=list)
    _cuts: dict[int, Cut] = field(default_factory=dict)

    def cut_at_commit(self, number: int, cut: Cut) -> None:
        """Break at the so-manyth COMMIT from now."""
        self._cuts = {number: cut}

    def cut_at(self, piece: bytes) -> Cut | None:
        """Whether to break at this piece; counts the COMMITs."""
        if piece != _COMMIT:
            return None
        self._cuts = {number - 1: cut for number, cut in self._cuts.items()}
        return self._cuts.pop(0, None)


@asynccontextmanager
async def wire_to(database_url: str) -> AsyncIterator[Wire]:
    """Listen on loopback, and lead every connection to the database."""
    wire = Wire()
    conversations: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.create_task(_lead(wire, database_url, reader, writer)))

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    parts = urlsplit(database_url)
    user = parts.netloc.rpartition("@")[0]
    port = server.sockets[0].getsockname()[1]
    wire.url = urlunsplit(parts._replace(netloc=f"{user}@127.0.0.1:{port}", query="sslmode=disable"))
    try:
        yield wire
    finally:
        server.close()
        for conversation in conversations:
            conversation.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


async def _lead(wire: Wire, database_url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    back, forth = await _dial(database_url)
    answering = asyncio.create_task(_pass(back, writer))
    try:
        with suppress(ConnectionError):
            cut = await _speak(wire, reader, forth)
            await _silence(answering)
            if cut is Cut.AFTER_COMMIT:
                forth.write(_COMMIT)
                await back.read(_CHUNK)  # Postgres has answered: it is committed
    finally:
        await _silence(answering)
        for end in (writer, forth):
            end.transport.abort()
            with suppress(ConnectionError):
                await end.wait_closed()


async def _speak(wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Cut | None:
    while piece := await reader.read(_CHUNK):
        wire.sent.append(piece)
        if cut := wire.cut_at(piece):
            return cut
        writer.write(piece)
    return None


async def _silence(answering: asyncio.Task[None]) -> None:
    answering.cancel()
    await asyncio.wait([answering])


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(_CHUNK):
            writer.write(piece)
        writer.close()


async def _dial(database_url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    parts = urlsplit(database_url)
    asked = parse_qs(parts.query)
    host, port = (
        asked.get("host", [parts.hostname or "localhost"])[0],
        parts.port or int(asked.get("port", ["5432"])[0]),
    )
    if host.startswith("/"):
        return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
    return await asyncio.open_connection(host, port)
