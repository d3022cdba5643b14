from uuid import UUID

import asyncpg
import pytest

from app.core.database import Database
from app.outbox.catalogue import EventType
from app.outbox.record import lock, record
from tests.builders.event_schemas import an_event
from tests.builders.feed import events_of
from tests.department import Department


async def test_refuses_an_event_of_a_transaction_older_than_the_newest_event(
    department: Department, database: Database
) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})

    with pytest.raises(asyncpg.SerializationError):  # noqa: PT012 # the whole transaction is the deed
        async with database.begin(department.system) as tx:
            await tx.connection.execute("SELECT pg_current_xact_id()")  # as any write before the lock does
            await department.operations.patch(f"/accounts/{account['id']}", {"country": "Kenya"})
            subject = await lock(tx, UUID(account["id"]))
            assert subject is not None
            await record(tx, subject, an_event(EventType.ACCOUNT_UPDATED))

    events = await events_of(department.operations, 2, subject_id=account["id"])
    assert [event["subject"]["sequence"] for event in events] == [1, 2]
