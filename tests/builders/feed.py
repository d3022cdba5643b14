"""A reader that follows the feed, also while others write."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.core.caller import Caller
from app.core.database import Database
from tests.builders.feed_writers import Load, write
from tests.builders.receiver import PATIENCE_SECONDS
from tests.department import Actor


async def events_of(actor: Actor, count: int, **parameters: Any) -> list[dict[str, Any]]:
    """So many events, read from the beginning; any transaction of the whole server may hold them back for a while."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            items: list[dict[str, Any]] = (await actor.get("/events", **parameters))["items"]
            if len(items) >= count:
                return items


@dataclass
class Reader:
    actor: Actor
    limit: int
    _place: dict[str, Any] = field(default_factory=dict)

    @property
    def cursor(self) -> str:
        return str(self._place["cursor"])

    async def read(self, count: int) -> list[dict[str, Any]]:
        """At least so many events, from where the last reading ended."""
        events: list[dict[str, Any]] = []
        async with asyncio.timeout(PATIENCE_SECONDS):
            while len(events) < count:
                events += await self.read_to_the_end()
        return events

    async def read_to_the_end(self) -> list[dict[str, Any]]:
        """Pages from where the last one ended, until there is no more."""
        events = []
        while True:
            page = await self.actor.get("/events", limit=self.limit, **self._place)
            events += page["items"]
            self._place["cursor"] = page["next_cursor"]
            if not page["has_more"]:
                return events


class Follower(Protocol):
    """Whoever reads events from where the last reading ended."""

    async def read(self, count: int) -> list[dict[str, Any]]: ...

    async def read_to_the_end(self) -> list[dict[str, Any]]: ...


async def write_events(
    database: Database, caller: Caller, reader: Follower, load: Load
) -> tuple[set[str], list[dict[str, Any]]]:
    """Write while the reader reads; gives the ids of the committed events, and what was read."""
    writing = asyncio.create_task(write(database, caller, load))
    read: list[dict[str, Any]] = []
    while not writing.done():
        read += await reader.read_to_the_end()
    written = writing.result()
    read += await reader.read(len(written) - len(read))
    return written, read
