"""Places in the log outlive a crash of Postgres, which may give the ids of forgotten transactions a second time."""

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.core.database import Database, new_id
from app.outbox.feed import find_end
from app.outbox.place import Place
from tests.builders.feed import events_of
from tests.department import Department


async def take_transaction_ids(owner: asyncpg.Connection, count: int) -> None:
    """Ids of transactions that leave nothing behind, as those that are rolled back."""
    for _ in range(count):
        await owner.execute("SELECT pg_current_xact_id()")


async def newest_place(owner: asyncpg.Connection, department: Department) -> Place:
    newest = await owner.fetchrow(
        "SELECT xid::text::bigint AS xid, id FROM events WHERE organization_id = $1 ORDER BY xid DESC, id DESC LIMIT 1",
        department.organization_id,
    )
    return Place.of_row(newest)


@pytest.mark.parametrize("wanted", [{}, {"type": "account.created"}, {"type": "lead.created"}], ids=str)
async def test_a_cursor_names_an_event_and_not_how_far_transactions_were(
    department: Department, owner: asyncpg.Connection, wanted: dict[str, Any]
) -> None:
    await department.operations.post("/accounts", {"name": "Acme"})
    await take_transaction_ids(owner, 3)
    await events_of(department.operations, 1)

    page = await department.operations.get("/events", **wanted)
    again = await department.operations.get("/events", cursor=page["next_cursor"], **wanted)

    assert Place.of(page["next_cursor"]) == await newest_place(owner, department)
    assert again == {"items": [], "next_cursor": page["next_cursor"], "has_more": False}


async def test_an_event_with_an_earlier_id_that_is_committed_later_is_not_skipped(
    department: Department, owner: asyncpg.Connection
) -> None:
    early_id = new_id()  # as another machine, whose clock is behind, would give it
    await department.operations.post("/accounts", {"name": "Acme"})
    await events_of(department.operations, 1)
    page = await department.operations.get("/events")
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(
        "INSERT INTO events (organization_id, id, type, subject_type, subject_id, sequence, occurred_at, body) "
        "SELECT organization_id, $2, type, subject_type, $2, sequence, occurred_at, body FROM events WHERE id = $1",
        UUID(page["items"][0]["id"]),
        early_id,
    )

    after = await events_of(department.operations, 1, cursor=page["next_cursor"])

    assert len(after) == 1


async def test_a_stream_that_begins_now_begins_at_the_newest_event(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    await department.operations.post("/accounts", {"name": "Acme"})
    await take_transaction_ids(owner, 3)
    await events_of(department.operations, 1)

    async with database.begin(department.system) as tx:
        end = await find_end(tx)

    assert end == await newest_place(owner, department)
