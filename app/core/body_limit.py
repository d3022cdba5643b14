"""No body larger than the limit is read: refused by its header, or cut off while it streams."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problem_handlers import render
from app.core.problems import PayloadTooLarge


class BodyLimit:
    """Pure ASGI: answers 413 once more than `most_bytes` arrive."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self.app = app
        self.most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdigit() and int(declared) > self.most_bytes:
            await render(PayloadTooLarge(), scope)(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > self.most_bytes:
                raise PayloadTooLarge
            return message

        await self.app(scope, counted, send)
