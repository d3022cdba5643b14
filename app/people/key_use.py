"""When keys were used last: noted in passing, and written down beside the requests.

Once a minute for each key and process, so that a busy key costs no write per request.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.caller import Caller
from app.core.database import Database, Statement
from app.core.persistence import persistently
from app.people.scoping import in_organization
from app.people.tables import api_keys

_ONCE_IN_SECONDS = 60.0
_MOST_NOTED = 10_000

# another process may have written a later moment
_write = Statement(
    sa.update(api_keys)
    .where(
        in_organization(api_keys),
        api_keys.c.id == sa.any_(bindparam("ids", type_=sa.ARRAY(sa.Text))),
        sa.or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < bindparam("used_at")),
    )
    .values(last_used_at=bindparam("used_at"))
)


class KeyUse:
    """Notes uses without waiting; `run` writes them down until it is cancelled."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._noted: dict[str, float] = {}
        self._unwritten: defaultdict[UUID, set[str]] = defaultdict(set)
        self._arrived = asyncio.Event()

    def note(self, organization_id: UUID, key_id: str) -> None:
        """The key was used now; with more keys in a minute than fit, some are noted a minute later."""
        now = self._clock()
        if now - self._noted.get(key_id, -_ONCE_IN_SECONDS) < _ONCE_IN_SECONDS:
            return
        if len(self._noted) >= _MOST_NOTED:
            self._noted = {key: moment for key, moment in self._noted.items() if now - moment < _ONCE_IN_SECONDS}
        if len(self._noted) < _MOST_NOTED:
            self._noted[key_id] = now
            self._unwritten[organization_id].add(key_id)
            self._arrived.set()

    async def run(self) -> None:
        """Write down what is noted, as soon as it is; an outage of the database is waited for."""
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            await persistently(self.write)

    async def write(self) -> None:
        """Write down what was noted since the last time."""
        for organization_id in list(self._unwritten):
            key_ids = frozenset(self._unwritten[organization_id])
            async with self._database.begin(Caller.system(organization_id)) as tx:
                await tx.execute(_write, ids=sorted(key_ids), used_at=datetime.now(UTC))
            self._unwritten[organization_id] -= key_ids
            if not self._unwritten[organization_id]:
                del self._unwritten[organization_id]
