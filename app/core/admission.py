"""Requests beyond those that can be answered soon are refused at once, so that the others are answered in time."""

from asyncio import AbstractEventLoop
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problem_handlers import render
from app.core.problems import Unavailable

ALWAYS_ANSWERED = ("/livez", "/readyz", "/metrics")


class Overloaded(Unavailable):
    """More is asked than this process can answer soon; it has not begun with this request."""


@dataclass(slots=True)
class Admission:
    """How many requests a process works on at once, and how many it has refused because of that.

    Those beyond the connections of the pool wait for one: `most` bounds how long.
    """

    most: int
    in_flight: int = 0
    refused: int = 0
    _arrived: int = 0

    @property
    def is_full(self) -> bool:
        """Whether one more would wait for too long."""
        return self.in_flight >= self.most

    @property
    def will_be_full(self) -> bool:
        """The same, once the application has heard of those that have just arrived."""
        return self.in_flight + self._arrived >= self.most

    def arrive(self, loop: AbstractEventLoop) -> None:
        """Count one that the application hears of before the loop reads from connections again."""
        if not self._arrived:
            loop.call_soon(self._begin)
        self._arrived += 1

    def _begin(self) -> None:
        self._arrived = 0


class Admitted:
    """Pure ASGI: lets in as many requests as there may be at once; health and metrics always.

    One counts until its answer begins, except while it waits for its client: who sends or reads slowly, and who follows
    a stream, takes nobody's place.
    """

    def __init__(self, app: ASGIApp, admission: Admission) -> None:
        self.app = app
        self.admission = admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        admission = self.admission
        if scope["type"] != "http" or scope["path"] in ALWAYS_ANSWERED:
            await self.app(scope, receive, send)
            return
        if admission.is_full:
            admission.refused += 1
            await render(Overloaded(), scope)(scope, receive, send)
            return
        counted = 1  # or 0, while it takes no place
        is_answered = False

        async def waited() -> Message:
            nonlocal counted
            admission.in_flight -= counted
            before, counted = counted, 0
            try:
                return await receive()
            finally:
                counted = before if not is_answered else 0
                admission.in_flight += counted

        async def answered(message: Message) -> None:
            nonlocal counted, is_answered
            is_answered = True
            admission.in_flight -= counted
            counted = 0
            await send(message)

        admission.in_flight += counted
        try:
            await self.app(scope, waited, answered)
        finally:
            admission.in_flight -= counted
