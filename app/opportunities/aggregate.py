"""A deal with its evidence is one aggregate: whatever is written about it is written under its lock.

The order is always the same: `lock_deal` (nothing is written before it), read, decide, write, `publish`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction
from app.core.problems import NotFound
from app.opportunities import queries
from app.opportunities.problems import DealCompleted
from app.opportunities.schemas import Opportunity
from app.outbox.event import Event, Routing, Subject
from app.outbox.record import lock, record
from app.people.permissions import demand_record


@dataclass(slots=True)
class Deal:
    """A locked deal: its row, and the subject whose number advances with every event."""

    subject: Subject
    row: Row

    @property
    def id(self) -> UUID:
        return self.subject.id

    def demand_running(self) -> None:
        """Raise `DealCompleted` when nothing about the deal may change any more."""
        if self.row["completed_at"] is not None:
            raise DealCompleted


async def lock_deal(tx: Transaction, opportunity_id: UUID, *, read: str, write: str | None) -> Deal:
    """Lock a deal and read it; raises `NotFound` beyond the reach of `read`, `Forbidden` beyond that of `write`."""
    subject = await lock(tx, opportunity_id)
    row = await tx.fetch_one(queries.find_opportunity, id=opportunity_id)
    demand_record(tx.caller, read, write, row)
    if subject is None or row is None:
        raise NotFound
    return Deal(subject, row)


async def lock_running_deal(tx: Transaction, opportunity_id: UUID, *, write: str) -> Deal:
    """Lock a deal that may still change; raises `DealCompleted` besides what `lock_deal` raises."""
    deal = await lock_deal(tx, opportunity_id, read="opportunities.read", write=write)
    deal.demand_running()
    return deal


async def read_deal(tx: Transaction, opportunity_id: UUID, *, read: str) -> Row:
    """Read a deal without locking it; raises `NotFound` beyond the reach of `read`."""
    row = await tx.fetch_one(queries.find_opportunity, id=opportunity_id)
    demand_record(tx.caller, read, None, row)
    if row is None:
        raise NotFound
    return row


async def publish(
    tx: Transaction,
    deal: Deal,
    event_type: str,
    payload: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
) -> UUID:
    """Record an event of the deal's aggregate; `payload` is the record that it is about, JSON-ready."""
    event = Event(type=event_type, object=payload, before=before or {}, routing=Routing.of(deal.row))
    deal.subject, event_id = await record(tx, deal.subject, event)
    return event_id


def payload_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A deal's row as events carry it."""
    return Opportunity.model_validate(dict(row)).model_dump(mode="json")
