"""The newest events of one organization, read once for all who follow it live.

A tail reads while somebody follows, and keeps a window of what it read. Whoever is further behind than the window reads
the log by himself until he has caught up.
"""

import asyncio
from bisect import bisect_right
from contextlib import suppress
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Database, Row
from app.core.persistence import persistently
from app.outbox.catalogue import EventType
from app.outbox.feed import Bounds, FeedPage, find_end, is_held_back, read_page
from app.outbox.filters import EventFilter
from app.outbox.place import Place

_EVERYTHING = EventFilter()
_ERASING = {EventType.CONTACT_ERASED, EventType.LEAD_ERASED}
_STEP = Bounds(most_events=500, most_bytes=128 * 1024)
_WINDOW_BYTES = 256 * 1024
_POLL_SECONDS = 1.0
_HELD_BACK_SECONDS = (0.005, 0.1)


class Tail:
    """Reads the end of the log again and again; `wake` when there may be news, else it looks every second."""

    def __init__(self, database: Database, organization_id: UUID, poll_seconds: float = _POLL_SECONDS) -> None:
        self.is_ready = asyncio.Event()
        self.ended = asyncio.Event()
        self._database = database
        self._caller = Caller.system(organization_id)
        self._poll_seconds = poll_seconds
        self._news = asyncio.Event()
        self._changed = asyncio.Event()
        self._rows: list[Row] = []
        self._bytes = 0
        self._start: Place | None = None  # the window holds everything after it
        self._end: Place | None = None

    @property
    def changed(self) -> asyncio.Event:
        """Set once the window holds more than it does now."""
        return self._changed

    def wake(self) -> None:
        """Look soon; never waits."""
        self._news.set()

    def after(self, place: Place) -> tuple[list[Row], Place] | None:
        """The rows after a place, and where the window ends; nothing when it begins later than the place."""
        if self._start is None or self._end is None or place < self._start:
            return None
        return self._rows[bisect_right(self._rows, place, key=Place.of_row) :], max(place, self._end)

    async def run(self) -> None:
        """Follow the log until cancelled; goes on when Postgres comes back."""
        shortest, longest = _HELD_BACK_SECONDS
        held_back_seconds = shortest
        while True:
            self._news.clear()
            page, is_held = await persistently(self._look)
            self._keep(page)
            if page.rows:
                held_back_seconds = shortest
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(held_back_seconds if is_held else self._poll_seconds):
                    await self._news.wait()
            held_back_seconds = min(held_back_seconds * 2, longest) if is_held else shortest

    async def _look(self) -> tuple[FeedPage, bool]:
        async with self._database.begin(self._caller) as tx:
            if self._end is None:
                return FeedPage([], await find_end(tx), has_more=False), False
            page = await read_page(tx, self._end, _EVERYTHING, _STEP)
            return page, not page.rows and await is_held_back(tx, page.place)

    def _keep(self, page: FeedPage) -> None:
        self._end = page.place
        if self._start is None:
            self._start = page.place
            self.is_ready.set()
        if any(row["type"] in _ERASING for row in page.rows):
            self._rows, self._bytes, self._start = [], 0, page.place  # what was read before may name who was erased
            self._announce()
            return
        self._rows += page.rows
        self._bytes += sum(len(row["body"]) for row in page.rows)
        dropped = 0
        while self._bytes > _WINDOW_BYTES:
            self._bytes -= len(self._rows[dropped]["body"])
            self._start = Place.of_row(self._rows[dropped])
            dropped += 1
        del self._rows[:dropped]
        if page.rows:
            self._announce()

    def _announce(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
