"""HTTP as it arrives: what is no request, what dawdles, what is too much is answered here, with problem documents."""

import asyncio
from asyncio import TimerHandle
from dataclasses import dataclass, field
from typing import ClassVar

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.core.admission import ALWAYS_ANSWERED, Admission, Overloaded
from app.core.connection import EXTENSION
from app.core.problems import BadRequest, HeadersTooLarge, Problem, RequestTimeout
from app.core.refusal import Count, Refusal
from app.core.upgrade_offer import Parser

_UNREADABLE = "This is not an HTTP request that can be read."
_ALWAYS_ANSWERED = tuple(f"GET {path}".encode() for path in ALWAYS_ANSWERED)
_HEAD = b"HEAD "  # its answer has no body
_ORIGIN = b"\r\norigin:"  # pages of other origins may read a refusal only with headers that the application adds


@dataclass(slots=True)
class Bounds:
    """What the connections of one server share; while it is draining, each ends with its next answer."""

    admission: Admission = field(default_factory=lambda: Admission(most=1_000))
    most_connections: int = 1_000
    most_head_bytes: int = 32_768
    head_deadline_seconds: float = 10.0
    is_draining: bool = False


class Protocol(HttpToolsProtocol):
    """uvicorn's own, within bounds, and with the transport as an extension of each request's scope.

    A request is refused here, for less than a twentieth of what it costs in the application, when the process has
    enough to do or the server too many connections.
    """

    bounds: ClassVar[Bounds] = Bounds()
    parser: Parser
    _overloaded: ClassVar[Refusal | None] = None
    _is_surplus = False
    _is_in_head = False
    _is_between_requests = True
    _head_bytes = 0
    _fed = 0
    _refused_at = 0.0
    _deadline: TimerHandle | None = None
    _refused_with: Problem | None = None
    _count: Count | None = None

    @classmethod
    def within(cls, bounds: Bounds) -> "type[Protocol]":
        """The protocol of a server with these bounds."""
        return type(cls.__name__, (cls,), {"bounds": bounds, "_overloaded": Refusal(Overloaded())})

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # uvicorn's signature
        super().connection_made(transport)
        self.parser = Parser(self)
        self._is_surplus = len(self.connections) > self.bounds.most_connections
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget_deadline()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._must_refuse(data):
            self._refuse(data)
            return
        was_in_head = self._is_in_head
        self._fed = len(data)
        super().data_received(data)
        if self._is_in_head and self.parser is not None:
            self._head_bytes += self._fed if was_in_head else 0
            if self._head_bytes > self.bounds.most_head_bytes:
                self._answer_and_close(HeadersTooLarge())
            elif self._deadline is None:
                self._await_head()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.bounds.admission.arrive(self.loop)
        self._is_in_head, self._is_between_requests, self._head_bytes = True, False, 0
        self.scope["extensions"] = {EXTENSION: {"transport": self.transport}}

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._forget_deadline()
        if self.parser.has_offer:
            return
        if self._head_bytes + self._fed > self.bounds.most_head_bytes:  # or less: there may be more than the head
            size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
            if size > self.bounds.most_head_bytes:
                self._refused_with = HeadersTooLarge()
                raise self._refused_with
        super().on_headers_complete()
        if self.bounds.is_draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        if self.parser.has_offer:
            return
        self._is_between_requests = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 # uvicorn's own words, in plain text
        self._answer_and_close(self._refused_with or BadRequest(_UNREADABLE))

    def _must_refuse(self, data: bytes) -> bool:
        return (
            (self._is_surplus or self.bounds.admission.will_be_full)
            and self._overloaded is not None
            and self._is_between_requests
            and (self.cycle is None or self.cycle.response_complete)
            and not data.startswith(_ALWAYS_ANSWERED)
            and _HEAD not in data
            and _ORIGIN not in data.lower()
        )

    def _refuse(self, data: bytes) -> None:
        self._forget_deadline()
        if self.flow.write_paused:  # asks and asks, and reads no answer
            self.transport.abort()
            return
        if self._count is None:
            self._count = Count()
        try:
            count, is_reusable = self._count.of(data)
        except httptools.HttpParserUpgrade:
            count, is_reusable = 1, False
        except httptools.HttpParserError:
            self._answer_and_close(BadRequest(_UNREADABLE))
            return
        assert self._overloaded is not None  # noqa: S101 # narrows the type
        self.bounds.admission.refused += count
        is_reusable = is_reusable and not (self._is_surplus or self.bounds.is_draining)
        for left in range(max(count, 1), 0, -1):
            self.transport.write(
                self._overloaded.bytes(self.server_state.default_headers, closes=left == 1 and not is_reusable)
            )
        if is_reusable:
            self._keep_alive()
        else:
            self.transport.close()

    def _keep_alive(self) -> None:
        # a timer for each refusal would cost as much as the rest of it: the one that runs looks when it was the last
        self._refused_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        left = self._refused_at + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _await_head(self) -> None:
        self._deadline = self.loop.call_later(self.bounds.head_deadline_seconds, self._give_up_on_head)

    def _forget_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up_on_head(self) -> None:
        self._deadline = None
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False  # the request before it is still being answered
        elif self._is_in_head:
            self._answer_and_close(RequestTimeout("The headers did not arrive in time."))
        else:
            self.transport.close()

    def _answer_and_close(self, problem: Problem) -> None:
        if not self.transport.is_closing():
            self.transport.write(Refusal(problem).bytes(self.server_state.default_headers, closes=True))
            self.transport.close()
