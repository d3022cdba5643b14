"""A reader that follows the feed, and writers that make it hard to follow."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Database, new_id
from app.outbox.catalogue import EventType
from app.outbox.record import lock, record, start
from tests.builders.event_schemas import an_event
from tests.builders.receiver import PATIENCE_SECONDS
from tests.department import Actor


class RolledBack(Exception):
    """What a writer raises to lose its event."""


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


@dataclass(frozen=True)
class Load:
    """So many events by writers that contend for the same few subjects, hold transactions open and roll some back."""

    writers: int
    events: int
    subjects: int


async def write_events(
    database: Database, caller: Caller, reader: Follower, load: Load
) -> tuple[set[str], list[dict[str, Any]]]:
    """Write while the reader reads; gives the ids of the committed events, and what was read."""
    subject_ids = [new_id() for _ in range(load.subjects)]
    async with database.begin(caller) as tx:
        for subject_id in subject_ids:
            await start(tx, "account", subject_id)
    choose = random.Random(7)  # noqa: S311 # the same choices in every run
    share = load.events // load.writers
    tasks = [
        asyncio.create_task(_write(database, caller, [choose.choice(subject_ids) for _ in range(share)], seed))
        for seed in range(load.writers)
    ]
    read: list[dict[str, Any]] = []
    while not all(task.done() for task in tasks):
        read += await reader.read_to_the_end()
    written: set[str] = set().union(*(task.result() for task in tasks))
    read += await reader.read(len(written) - len(read))
    return written, read


async def _write(database: Database, caller: Caller, subject_ids: list[UUID], seed: int) -> set[str]:
    choose = random.Random(seed)  # noqa: S311 # the same choices in every run
    written: set[str] = set()
    for subject_id in subject_ids:
        event_id = None
        while event_id is None:
            with suppress(RolledBack):
                event_id = await _write_one(database, caller, subject_id, choose)
        written.add(event_id)
    return written


async def _write_one(database: Database, caller: Caller, subject_id: UUID, choose: random.Random) -> str:
    async with database.begin(caller) as tx:
        subject = await lock(tx, subject_id)
        assert subject is not None
        _, event_id = await record(tx, subject, an_event(EventType.ACCOUNT_UPDATED))
        if choose.random() < 0.1:
            await asyncio.sleep(choose.random() * 0.01)  # a held transaction
        if choose.random() < 0.1:
            raise RolledBack
    return str(event_id)
