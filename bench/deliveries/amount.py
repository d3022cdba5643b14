"""What is to be delivered: an endpoint that wants everything, and a log filled at once."""

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from app.core.database import new_id
from bench.faults.house import House

_BODY = b'{"type":"opportunity.updated","data":"%s"}' % (b"x" * 900)  # about as long as a deal's event
_COLUMNS = ["organization_id", "id", "type", "subject_type", "subject_id", "sequence", "occurred_at", "body"]


@dataclass(frozen=True, slots=True)
class Amount:
    """So many events, spread evenly over so many deals."""

    events: int
    deals: int


async def subscribe(house: House, url: str) -> None:
    """Subscribe an address to everything, through the API, which then ends."""
    await house.start_apis(1)
    await house.post("/webhook-endpoints", house.ours.operations, {"url": url, "event_types": ["*"]})
    house.apis.pop().program.kill()


async def fill(owner: asyncpg.Connection, house: House, amount: Amount) -> None:
    """Write the events in one transaction, past the triggers: here only their delivery is of interest."""
    deals = [new_id() for _ in range(amount.deals)]
    now = datetime.now(UTC)
    rows = [
        (
            UUID(house.ours.id),
            new_id(),
            "opportunity.updated",
            "opportunity",
            deal,
            1 + number // amount.deals,
            now,
            _BODY,
        )
        for number, deal in zip(range(amount.events), itertools.cycle(deals), strict=False)
    ]
    await owner.execute("SET session_replication_role = replica")
    await owner.copy_records_to_table("events", records=rows, columns=_COLUMNS)
    await owner.execute("CHECKPOINT")
