"""No body is read that is larger than the limit, or that arrives too slowly: refused by its header, or cut off."""

import asyncio

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problem_handlers import render
from app.core.problems import PayloadTooLarge, RequestTimeout

_MOST_DIGITS = 15


class BodyLimit:
    """Pure ASGI: answers 413 once more than `most_bytes` arrive, 408 when they are not there in `deadline_seconds`."""

    def __init__(self, app: ASGIApp, most_bytes: int, deadline_seconds: float) -> None:
        self.app = app
        self.most_bytes = most_bytes
        self.deadline_seconds = deadline_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "content-length" not in headers and "transfer-encoding" not in headers:
            await self.app(scope, receive, send)  # there is no body (RFC 9112 §6.3)
            return
        declared = headers.get("content-length", "0")
        if declared.isdecimal() and (len(declared) > _MOST_DIGITS or int(declared) > self.most_bytes):
            await render(PayloadTooLarge(), scope)(scope, receive, send)
            return
        seen = 0
        is_whole = False
        deadline = asyncio.get_running_loop().time() + self.deadline_seconds

        async def limited() -> Message:
            nonlocal seen, is_whole
            if is_whole:  # what is waited for now is the client's leaving
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise RequestTimeout from None
            seen += len(message.get("body", b""))
            if seen > self.most_bytes:
                raise PayloadTooLarge
            is_whole = not message.get("more_body", False)
            return message

        await self.app(scope, limited, send)
