"""One id per request, in and out, on every log line; logs carry no secrets and no bodies."""

import logging
import re
import sys
import time
import traceback
from collections.abc import Iterator

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.typing import EventDict, WrappedLogger

from app.core.caller import told_of_caller
from app.core.database import new_id
from app.core.origin import Origin, address_of, current_origin, originating

_ACCEPTABLE = re.compile(r"^[A-Za-z0-9._\-]{1,128}$")


def current_request_id() -> str:
    """The id of the request being answered; a new one outside of requests (commands, workers)."""
    return current_origin().request_id or str(new_id())


def configure(level: str) -> None:
    """Log JSON lines to standard error at this level."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_messages,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _without_messages(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Tell an exception by its types and frames: what a driver or a validator says in words may be somebody's data."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["exception"] = "caused by ".join(_told(error))
    return event


def _told(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{type(error).__qualname__}\n{''.join(traceback.format_tb(error.__traceback__))}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


class RequestLog:
    """Pure ASGI: gives each request its id, and logs one line per request at debug."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._log = structlog.get_logger().bind()  # unbound, it would be bound anew for each line, said or not

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ACCEPTABLE.match(given) else str(new_id())
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            with originating(Origin("request", request_id, address_of(scope.get("client")))):
                await self.app(scope, receive, send_with_headers)
        finally:
            if self._log.is_enabled_for(logging.DEBUG):
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                self._log.debug(
                    "request",
                    id=request_id,
                    method=scope["method"],
                    status=status,
                    milliseconds=milliseconds,
                    **told_of_caller(scope),
                )
