"""Record events of an organization: so many subjects with so many events each, `batch` events to a transaction.

Arguments: organization, noun, subjects, events of each, batch. Prints the subjects' ids, then "recorded".
"""

import asyncio
import itertools
import sys
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Database, Transaction, connect, new_id
from app.core.roles import APP_ROLE
from app.core.settings import Settings
from app.outbox.event import Event
from app.outbox.record import lock, record, start

_PADDING = {"note": "x" * 400}


async def main(organization_id: str, noun: str, subjects: int, events: int, batch: int) -> None:
    """Record the events of all subjects in turn."""
    database: Database = await connect(Settings(), role=APP_ROLE, size=1, acquire_timeout_seconds=60)
    caller = Caller.system(UUID(organization_id))
    ids = [new_id() for _ in range(subjects)]
    async with database.begin(caller) as tx:
        for subject_id in ids:
            await start(tx, noun, subject_id)
    turns = iter([subject_id for _ in range(events) for subject_id in ids])
    while chunk := list(itertools.islice(turns, batch)):
        async with database.begin(caller) as tx:
            await _record(tx, f"{noun}.updated", chunk)
    await database.close()
    print("\n".join([*map(str, ids), "recorded"]), flush=True)


async def _record(tx: Transaction, event_type: str, subject_ids: list[UUID]) -> None:
    for subject_id in subject_ids:
        subject = await lock(tx, subject_id)
        if subject is None:
            raise LookupError("a subject that was just made is gone")
        await record(tx, subject, Event(event_type, {"id": subject_id, **_PADDING}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:])))
