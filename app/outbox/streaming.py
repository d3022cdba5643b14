"""What the event streams of one process share: their number, the tails they follow, their turns at the database."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog

from app.core.caller import Caller
from app.core.database import Database
from app.core.problems import Unavailable
from app.outbox.feed import Bounds, FeedPage, demand_all_after, find_start, read_page
from app.outbox.filters import EventFilter
from app.outbox.place import Place
from app.outbox.tail import Tail

_PAGE = Bounds(most_events=200, most_bytes=64 * 1024)
_MOST_READERS = 3  # streams that catch up leave the other connections of the pool to requests


_log = structlog.get_logger()


class TooManyStreams(Unavailable):
    """This process has as many event streams open as it may; try again later, or read the feed."""


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """How many streams one process keeps, and when each of them shows a sign of life or is given up."""

    most_streams: int = 200
    heartbeat_seconds: float = 15.0
    slow_reader_seconds: float = 60.0
    recheck_seconds: float = 1.0


@dataclass
class _Followed:
    tail: Tail
    task: asyncio.Task[None]
    followers: int = 0


class EventStreams:
    """All event streams of a process, of which so many are `open`; `stopping` is set when they are to end."""

    def __init__(self, database: Database, limits: StreamLimits) -> None:
        self.limits = limits
        self.stopping = asyncio.Event()
        self._database = database
        self.open = 0
        self._followed: dict[UUID, _Followed] = {}
        self._tails: set[asyncio.Task[None]] = set()
        self._readers = asyncio.Semaphore(_MOST_READERS)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Room for one stream; raises `TooManyStreams`, also when the process is stopping."""
        if self.open >= self.limits.most_streams or self.stopping.is_set():
            raise TooManyStreams
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1

    @contextmanager
    def following(self, organization_id: UUID) -> Iterator[Tail]:
        """The organization's tail, which runs as long as it has followers."""
        followed = self._followed.get(organization_id)
        if followed is None or followed.task.done():
            followed = self._followed[organization_id] = self._follow(organization_id)
        followed.followers += 1
        try:
            yield followed.tail
        finally:
            followed.followers -= 1
            if followed.followers == 0:
                followed.task.cancel()
                if self._followed.get(organization_id) is followed:
                    del self._followed[organization_id]

    async def find_start(self, caller: Caller, cursor: str | None, last_event_id: str | None) -> Place:
        """Where a stream begins; raises as the feed does."""
        async with self._database.begin(caller) as tx:
            return await find_start(tx, cursor, last_event_id)

    async def read(self, caller: Caller, after: Place, wanted: EventFilter) -> FeedPage:
        """A page of the log for a stream that is behind its tail; raises `EventsGone`, as the feed does."""
        async with self._readers, self._database.begin(caller) as tx:
            page = await read_page(tx, after, wanted, _PAGE)
            await demand_all_after(tx, after)
            return page

    def wake(self) -> None:
        """Have all tails look soon; never waits."""
        for followed in self._followed.values():
            followed.tail.wake()

    def stop(self) -> None:
        """End all streams; their clients go on elsewhere."""
        self.stopping.set()

    def _follow(self, organization_id: UUID) -> _Followed:
        tail = Tail(self._database, organization_id)
        task = asyncio.create_task(tail.run())
        self._tails.add(task)
        task.add_done_callback(partial(self._ended, tail))
        return _Followed(tail, task)

    def _ended(self, tail: Tail, task: asyncio.Task[None]) -> None:
        self._tails.discard(task)
        tail.ended.set()  # its followers end as well, and their clients come back
        if not task.cancelled() and (error := task.exception()):
            _log.error("tail broke", exc_info=error)
