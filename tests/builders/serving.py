"""The application on a real socket, and what is said there byte by byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import uvicorn
from starlette.types import ASGIApp

from app.core.protocol import Bounds, Protocol
from bench.processes import free_port
from tests.builders.receiver import PATIENCE_SECONDS


@asynccontextmanager
async def served(app: ASGIApp, bounds: Bounds | None = None) -> AsyncIterator[int]:
    """The port at which the application is served while the block runs."""
    http = Protocol.within(bounds or Bounds())
    config = uvicorn.Config(
        app, port=free_port(), http=http, log_level="critical", lifespan="off", ws="none", server_header=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:  # noqa: ASYNC110 # uvicorn tells nobody
            await asyncio.sleep(0.01)
    try:
        yield config.port
    finally:
        server.should_exit = True
        await task


async def say(port: int, *pieces: bytes, pause_seconds: float = 0) -> tuple[int, dict[str, str], bytes]:
    """Send the pieces as they are, and read one answer: its status, its headers by lower-case name, its body."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        speaking = asyncio.create_task(_speak(writer, pieces, pause_seconds))
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        finally:
            speaking.cancel()
            await asyncio.wait([speaking])
            writer.close()
    return int(head[0].split(" ")[1]), headers, body


async def _speak(writer: asyncio.StreamWriter, pieces: tuple[bytes, ...], pause_seconds: float) -> None:
    with suppress(ConnectionError):  # who was answered early may be cut off
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause_seconds)
