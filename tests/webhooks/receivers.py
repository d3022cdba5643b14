"""Loopback servers that record what reaches them and answer as a test says, well or badly."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True)
class Request:
    request_line: str
    headers: dict[str, str]
    body: bytes
    local_host: str


@dataclass
class Receiver:
    port: int = 0
    connections: int = 0
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


def answering(status: int, *headers: str, body: bytes = b"") -> Answer:
    """Answer well, and leave the connection open."""
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers]
    head = "".join(f"{line}\r\n" for line in lines) + "\r\n"

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + body)

    return answer


def saying(raw: bytes) -> Answer:
    """Say these bytes and hang up."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()
        writer.close()

    return answer


def dripping(beginning: bytes) -> Answer:
    """Give a beginning, then a byte at a time, each well within any timeout for one read."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    return answer


async def resetting(writer: asyncio.StreamWriter) -> None:
    """Drop the connection without an answer."""
    writer.transport.abort()


async def pouring(writer: asyncio.StreamWriter) -> None:
    """Answer 200 with a body that never ends."""
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


@asynccontextmanager
async def receiving(
    answer: Answer, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Receiver]:
    """Serve on loopback until the end of the block; no connection outlives it."""
    receiver = Receiver()
    open_connections: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        receiver.connections += 1
        open_connections.add(asyncio.create_task(_converse(receiver, answer, reader, writer)))

    server = await asyncio.start_server(accept, host, port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for connection in open_connections:
            connection.cancel()
        await asyncio.gather(*open_connections, return_exceptions=True)


@asynccontextmanager
async def interrupting(raw: bytes) -> AsyncIterator[int]:
    """Serve on a loopback port, saying these bytes to each caller at once without reading, then hanging up."""

    def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _converse(
    receiver: Receiver, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        while not writer.is_closing():
            receiver.requests.append(await _read_request(reader, writer.get_extra_info("sockname")[0]))
            await answer(writer)
    except (asyncio.IncompleteReadError, ConnectionError):
        return  # the sender hung up
    finally:
        writer.transport.abort()


async def _read_request(reader: asyncio.StreamReader, local_host: str) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().removesuffix("\r\n\r\n")
    request_line, *lines = head.split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers["Content-Length"]))
    return Request(request_line, headers, body, local_host)
