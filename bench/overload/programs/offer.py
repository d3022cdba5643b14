"""Offer a service requests, so many at once or so many a second, and tell what was answered.

Arguments: port, file of turns, connections, requests a second (0: as soon as there was an answer), seconds. A turn is a
list of requests of which the next is sent once the one before succeeded, or fits no more, again and again. Prints
"begun", and at the end `Answers` as JSON; SIGTERM is the end.
"""

import asyncio
import itertools
import json
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import uvloop

from bench.overload.answers import Answers
from bench.overload.connection import Connection

_TICK_SECONDS = 0.002
_LAST_ANSWERS_SECONDS = 60.0
_OPENED_AT_ONCE = 50


class Turn:
    """Requests that follow each other, because each needs what the one before has done."""

    __slots__ = ("_at", "_requests", "due_at")

    def __init__(self, requests: Sequence[bytes]) -> None:
        self._requests = requests
        self._at = 0
        self.due_at = 0.0

    @property
    def request(self) -> bytes:
        """The one to send now."""
        return self._requests[self._at]

    def go_on(self) -> None:
        """It succeeded, or was answered 409: it was sent already, before a client that begins anew."""
        self._at = (self._at + 1) % len(self._requests)


class Offer:
    """Requests to one port."""

    def __init__(self, port: int, turns: Iterator[Turn]) -> None:
        self.answers = Answers()
        self._port = port
        self._turns = turns
        self._free: list[Connection] = []
        self._pending: dict[Connection, Turn] = {}
        self._opening: set[asyncio.Task[None]] = set()
        self._is_closed_loop = False
        self._end = asyncio.Event()

    def end(self) -> None:
        """Ask no more."""
        self._end.set()

    async def connect(self, count: int) -> None:
        """Open connections."""
        for _ in range(0, count, _OPENED_AT_ONCE):
            await asyncio.gather(*(self._open() for _ in range(min(count, _OPENED_AT_ONCE))))

    async def closed(self, seconds: float) -> None:
        """Ask on each connection again as soon as it was answered."""
        self._is_closed_loop = True
        for connection in list(self._free):
            self._ask(connection, time.time())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._end.wait()
        self._is_closed_loop = False

    async def open(self, per_second: float, seconds: float) -> None:
        """Ask so often, whatever is answered."""
        started, sent = time.time(), 0
        while (elapsed := time.time() - started) < seconds and not self._end.is_set():
            due = int(elapsed * per_second)
            for number in range(sent, due):
                if (connection := self._take()) is not None:
                    self._ask(connection, started + number / per_second)
                else:
                    self.answers.withheld += 1
            sent = due
            await asyncio.sleep(_TICK_SECONDS)

    async def finish(self) -> None:
        """Wait for the answers that are still to come, and leave."""
        deadline = time.monotonic() + _LAST_ANSWERS_SECONDS
        while self._pending and time.monotonic() < deadline:
            await asyncio.sleep(_TICK_SECONDS)
        for turn in self._pending.values():
            self.answers.note(0, turn.due_at, time.time())
        self.answers.processor_seconds = time.process_time()

    def _take(self) -> Connection | None:
        """The connection that was used last: the others may be closed for being idle."""
        while self._free:
            if (connection := self._free.pop()).is_open:
                return connection
            self._reopen()
        return None

    def _ask(self, connection: Connection, due_at: float) -> None:
        turn = next(self._turns)
        turn.due_at = due_at
        self._pending[connection] = turn
        connection.ask(turn.request)

    def _answered(self, connection: Connection, status: int) -> None:
        turn = self._pending.pop(connection)
        now = time.time()
        self.answers.note(status, turn.due_at, now)
        if 200 <= status < 300 or status == HTTPStatus.CONFLICT:
            turn.go_on()
        if not connection.is_open:
            self._reopen()
        elif self._is_closed_loop:
            self._ask(connection, now)
        else:
            self._free.append(connection)

    def _reopen(self) -> None:
        task = asyncio.create_task(self._open())
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _open(self) -> None:
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(self._answered), "127.0.0.1", self._port
            )
        except OSError:
            self.answers.note(0, time.time(), time.time())
            return
        if self._is_closed_loop:
            self._ask(connection, time.time())
        else:
            self._free.append(connection)


async def main(port: int, turns: Path, connections: int, per_second: float, seconds: float) -> None:
    """Offer, and tell."""
    lists: list[list[str]] = json.loads(turns.read_text())
    prepared = itertools.cycle([Turn([each.encode() for each in requests]) for requests in lists])
    offer = Offer(port, prepared)
    await offer.connect(connections)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, offer.end)
    print("begun", flush=True)
    await (offer.open(per_second, seconds) if per_second else offer.closed(seconds))
    await offer.finish()
    print(json.dumps(offer.answers.as_json()))


if __name__ == "__main__":
    port_, turns_, connections_, per_second_, seconds_ = sys.argv[1:]
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(int(port_), Path(turns_), int(connections_), float(per_second_), float(seconds_)))
