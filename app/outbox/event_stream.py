"""One client's stream of server-sent events: the feed, live, as fast as the client takes it.

Nothing is read before the client took what was read before, and no transaction or connection of the pool is held while
a client is waited for.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from fastapi import Response
from starlette.types import Receive, Scope, Send

from app.core.caller import Caller
from app.core.connection import abort, hold_nothing_back, lose_after
from app.core.database import Row
from app.core.persistence import persistently
from app.core.problems import Problem
from app.outbox.filters import EventFilter
from app.outbox.place import Place
from app.outbox.streaming import EventStreams
from app.outbox.tail import Tail

_RETRY_MILLISECONDS = 1_000
_MOST_BYTES = 64 * 1024
_FAREWELL_SECONDS = 1.0


class SlowReader(Exception):
    """The client took nothing for too long."""


Authorization: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who reads which events, from where; `authorize` raises a `Problem` once the caller may no longer."""

    caller: Caller
    wanted: EventFilter
    after: Place
    authorize: Authorization


class EventStream(Response):
    """Sends events until the client leaves, may no longer read them or takes none, or the process stops.

    The place moves on past events that the client does not want, and heartbeats tell it to the client: an `id` without
    `data` is remembered for the next connection, and gives no message.
    """

    media_type = "text/event-stream"

    def __init__(self, streams: EventStreams, subscription: Subscription) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._streams = streams
        self._limits = streams.limits
        self._subscription = subscription
        self._place = subscription.after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        hold_nothing_back(scope)
        lose_after(scope, self._limits.slow_reader_seconds)  # a heartbeat at least is always sent
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        with self._streams.following(self._subscription.caller.organization_id) as tail:
            gone = asyncio.create_task(_until_gone(receive))
            tasks = [
                gone,
                asyncio.create_task(self._write(send, tail)),
                asyncio.create_task(self._recheck()),
                asyncio.create_task(self._streams.stopping.wait()),
                asyncio.create_task(tail.ended.wait()),
            ]
            try:
                ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await _cancel(tasks)
        if gone not in ended:
            await _leave(scope, receive, send)
        for task in ended:
            error = task.exception()
            if error is not None and not isinstance(error, Problem | SlowReader):
                raise error

    async def _write(self, send: Send, tail: Tail) -> None:
        await self._send(send, b"retry: %d\nid: %s\n\n" % (_RETRY_MILLISECONDS, self._place.cursor.encode()))
        following = asyncio.create_task(self._next(tail))
        try:
            while True:
                done, _ = await asyncio.wait({following}, timeout=self._limits.heartbeat_seconds)
                if not done:
                    await self._send(send, self._heartbeat(tail))
                    continue
                messages, place = following.result()
                await self._send(send, messages)
                self._place = place
                following = asyncio.create_task(self._next(tail))
        finally:
            await _cancel([following])

    async def _next(self, tail: Tail) -> tuple[bytes, Place]:
        """The next messages, about 64 KiB at most, and the place after them; waits until there are some."""
        await tail.is_ready.wait()
        while True:
            changed = tail.changed
            found = tail.after(self._place)
            rows, end = found or await self._read()
            messages, place = _collect(rows, end, self._subscription.wanted)
            if messages:
                await persistently(self._subscription.authorize)
                return messages, place
            self._place = place
            if found is not None:
                await changed.wait()

    async def _read(self) -> tuple[list[Row], Place]:
        read = partial(self._streams.read, self._subscription.caller, self._place, self._subscription.wanted)
        page = await persistently(read)
        return page.rows, page.place

    async def _recheck(self) -> None:
        while True:
            await asyncio.sleep(self._limits.recheck_seconds)
            await persistently(self._subscription.authorize)

    def _heartbeat(self, tail: Tail) -> bytes:
        found = tail.after(self._place)
        if found is not None and not found[0]:
            self._place = found[1]
        return b": heartbeat\nid: %s\n\n" % self._place.cursor.encode()

    async def _send(self, send: Send, body: bytes) -> None:
        try:
            async with asyncio.timeout(self._limits.slow_reader_seconds):
                await send({"type": "http.response.body", "body": body, "more_body": True})
        except TimeoutError:
            raise SlowReader from None


def _collect(rows: list[Row], end: Place, wanted: EventFilter) -> tuple[bytes, Place]:
    """The wanted ones as messages, about 64 KiB at most, and the place that was reached."""
    messages, size = list[bytes](), 0
    for row in rows:
        if wanted.wants(row):
            messages.append(_message(row))
            size += len(messages[-1])
        if size >= _MOST_BYTES:
            return b"".join(messages), Place.of_row(row)
    return b"".join(messages), end


def _message(row: Row) -> bytes:
    # stored JSON has no line ends outside of strings, and escapes those inside: it is one line of `data`
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (Place.of_row(row).cursor.encode(), row["type"].encode(), row["body"])


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _leave(scope: Scope, receive: Receive, send: Send) -> None:
    """End the answer in good order, or cut the connection of a client that does not take the end of it."""
    try:
        async with asyncio.timeout(_FAREWELL_SECONDS):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
    except TimeoutError:
        if abort(scope):
            await _until_gone(receive)


async def _cancel(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
