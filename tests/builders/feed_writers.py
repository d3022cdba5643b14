"""Writers that make a feed hard to follow: they contend for the same subjects, hold transactions and roll some back."""

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Database, new_id
from app.outbox.catalogue import EventType
from app.outbox.record import lock, record, start
from tests.builders.event_schemas import an_event


class RolledBack(Exception):
    """What a writer raises to lose its event."""


@dataclass(frozen=True)
class Load:
    """So many events by writers that contend for the same few subjects; `seed` makes their choices."""

    writers: int
    events: int
    subjects: int
    seed: int = 7


async def write(database: Database, caller: Caller, load: Load) -> set[str]:
    """Write all of it; gives the ids of the committed events."""
    subject_ids = [new_id() for _ in range(load.subjects)]
    async with database.begin(caller) as tx:
        for subject_id in subject_ids:
            await start(tx, "account", subject_id)
    choose = random.Random(load.seed)  # noqa: S311 # the same choices in every run
    share = load.events // load.writers
    written = await asyncio.gather(
        *(
            _write(database, caller, [choose.choice(subject_ids) for _ in range(share)], load.seed + number)
            for number in range(load.writers)
        )
    )
    return set().union(*written)


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
