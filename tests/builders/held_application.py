"""An application whose answers are held back until they are let go."""

import asyncio
from dataclasses import dataclass, field

from starlette.types import Receive, Scope, Send


@dataclass
class HeldApplication:
    """Pure ASGI: reads the body, waits, answers, and then, under `/stream`, waits again."""

    entered: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    seen: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.seen.append(scope["path"])
        self.bodies.append(await _body_of(receive))
        self.entered.release()
        if scope["path"] == "/held":
            await self.go_on.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        if scope["path"] == "/stream":
            await send({"type": "http.response.body", "more_body": True})
            self.entered.release()
            await self.go_on.wait()
        await send({"type": "http.response.body"})


async def _body_of(receive: Receive) -> bytes:
    body, is_whole = b"", False
    while not is_whole:
        message = await receive()
        body += message.get("body", b"")
        is_whole = not message.get("more_body")
    return body
