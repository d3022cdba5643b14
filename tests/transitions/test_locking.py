"""Locks that are asked for with BEGIN."""

from contextlib import AsyncExitStack
from uuid import UUID

import asyncpg
import pytest

from app.connections import connect_app
from app.core.caller import Caller
from app.core.database import Database
from app.core.idempotency import KeyedDatabase
from app.core.settings import Settings
from app.outbox.record import locking
from tests.department import Department


async def test_a_lock_that_is_not_had_in_time_leaves_the_connection_in_order(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal_id = (await rep.post("/opportunities", {"name": "GTX"}))["id"]
    caller = Caller.system(department.organization_id)
    database = await connect_app(settings.model_copy(update={"database_pool_size": 1, "lock_timeout_ms": 100}))
    async with owner.transaction():
        await owner.execute("SELECT FROM subjects WHERE id = $1 FOR UPDATE", deal_id)

        with pytest.raises(asyncpg.LockNotAvailableError):
            async with database.begin_with(caller, locking(caller, deal_id)):
                pytest.fail("there is no lock")

    async with database.begin_with(caller, locking(caller, deal_id)):
        free = await owner.fetch("SELECT FROM subjects WHERE id = $1 FOR UPDATE SKIP LOCKED", deal_id)
    await database.close()
    assert free == []


async def test_a_request_with_a_key_that_has_begun_locks_what_it_needs_later(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal_ids = [(await rep.post("/opportunities", {"name": "GTX"}))["id"] for _ in range(2)]
    caller = Caller.system(department.organization_id)

    async with AsyncExitStack() as held:
        keyed = KeyedDatabase(database, "key", b"", held)
        for deal_id in deal_ids:
            async with keyed.begin_with(caller, locking(caller, UUID(deal_id))):
                pass
        free = await owner.fetch("SELECT FROM subjects WHERE id = ANY ($1) FOR UPDATE SKIP LOCKED", deal_ids)

    assert free == []
