"""Writers that contend for the same few subjects, hold transactions open and roll some back; prints what was committed.

Each line is the id of a committed event; "written" ends the list.
"""

import asyncio
import sys
from uuid import UUID

from app.core.caller import Caller
from app.core.database import connect
from app.core.roles import APP_ROLE
from app.core.settings import Settings
from tests.builders.feed_writers import Load, write


async def main(organization_id: str, writers: int, events: int, subjects: int, seed: int) -> None:
    """Write so many events by so many writers."""
    database = await connect(Settings(), role=APP_ROLE, size=writers, acquire_timeout_seconds=60)
    load = Load(writers=writers, events=events, subjects=subjects, seed=seed)
    for event_id in await write(database, Caller.system(UUID(organization_id)), load):
        print(event_id)
    print("written", flush=True)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
