"""A client that takes nothing, and what an answer without an end can know and do about it."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.connection import abort, hold_nothing_back, lose_after
from app.core.protocol import Protocol
from bench.processes import free_port
from tests.builders.receiver import PATIENCE_SECONDS

CHUNK = b"x" * 8_192


class Endless:
    """Sends until the client takes no more, looks at what the server holds, and cuts the connection."""

    def __init__(self) -> None:
        self.sent = 0
        self.held = -1
        self.is_gone = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hold_nothing_back(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        try:
            while True:
                async with asyncio.timeout(0.5):
                    await send({"type": "http.response.body", "body": CHUNK, "more_body": True})
                self.sent += 1
        except TimeoutError:
            self.held = scope["extensions"]["stageline.connection"]["transport"].get_write_buffer_size()
        assert abort(scope)
        while (await receive())["type"] != "http.disconnect":
            pass
        self.is_gone.set()


class Late:
    """Looks at its connection for the first time when the client has left."""

    def __init__(self) -> None:
        self.is_prepared = False
        self.is_over = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, _send: Send) -> None:
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
            hold_nothing_back(scope)
            lose_after(scope, 60)
            self.is_prepared = True
        finally:
            self.is_over.set()


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[socket.socket]:
    """A client that has asked the application over a real connection."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, http=Protocol, log_level="critical", lifespan="off"))
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not server.started:  # noqa: ASYNC110 # uvicorn tells nobody
            await asyncio.sleep(0.01)
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: stageline\r\n\r\n")
            yield client
        server.should_exit = True
        await task


async def test_a_send_waits_until_the_socket_took_the_one_before_and_an_abort_cuts_it() -> None:
    app = Endless()

    async with served(app):
        await app.is_gone.wait()

    assert app.sent > 0
    assert 0 < app.held <= len(CHUNK) + 16


@pytest.mark.parametrize("loop_factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_a_client_may_leave_before_its_connection_is_looked_at(
    loop_factory: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    app = Late()

    async def come_and_go() -> None:
        async with served(app) as client:
            client.close()
            await app.is_over.wait()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(come_and_go())

    assert app.is_prepared
