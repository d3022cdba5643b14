"""The headers that keep browsers from doing more with an answer than its reader asked for."""

from http import HTTPStatus
from typing import TypeAlias

from starlette.types import ASGIApp, Message, Receive, Scope, Send

Pairs: TypeAlias = tuple[tuple[bytes, bytes], ...]

NOT_KEPT = (b"cache-control", b"no-store")
ALWAYS: Pairs = (
    (b"content-security-policy", b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
)
_REVALIDATED = (b"cache-control", b"private, no-cache")
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")


class SecurityHeaders:
    """Pure ASGI: adds to each answer what it does not say itself.

    Answers are not kept by caches; one with an entity tag only to be asked about again. Pages of other origins may not
    embed them, unless some may read them.
    """

    def __init__(self, app: ASGIApp, *, is_shared: bool, is_behind_tls: bool) -> None:
        self.app = app
        policy = (b"cross-origin-resource-policy", b"cross-origin" if is_shared else b"same-origin")
        self._defaults = (*ALWAYS, policy, *([_TLS_ONLY] if is_behind_tls else []))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = list(message.get("headers", ()))
                said = {name for name, _ in headers}
                headers += [each for each in self._defaults if each[0] not in said]
                if NOT_KEPT[0] not in said:
                    is_tagged = b"etag" in said and message["status"] < HTTPStatus.BAD_REQUEST
                    headers.append(_REVALIDATED if is_tagged else NOT_KEPT)
                message["headers"] = headers
            await send(message)

        await self.app(scope, receive, secured)
