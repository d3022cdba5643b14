"""A client that takes nothing, and what an answer without an end can know and do about it."""

import asyncio
import socket

from starlette.types import Receive, Scope, Send

from app.core.connection import abort, hold_nothing_back
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.serving import served

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


async def test_a_send_waits_until_the_socket_took_the_one_before_and_an_abort_cuts_it() -> None:
    app = Endless()

    async with served(app) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: stageline\r\n\r\n")
            async with asyncio.timeout(PATIENCE_SECONDS):
                await app.is_gone.wait()

    assert app.sent > 0
    assert 0 < app.held <= len(CHUNK) + 16
