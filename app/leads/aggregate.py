"""A lead with its evidence is one aggregate: whatever is written about it is written under its lock.

The order is always the same: `lock_lead` (nothing is written before it), read, decide, write, `publish`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction
from app.core.problems import NotFound
from app.leads import queries
from app.leads.schemas import Lead
from app.outbox.event import Event, Routing, Subject
from app.outbox.record import lock, record
from app.people.permissions import demand_record


@dataclass(slots=True)
class LeadAggregate:
    """A locked lead: its row, and the subject whose number advances with every event."""

    subject: Subject
    row: Row

    @property
    def id(self) -> UUID:
        return self.subject.id


async def lock_lead(tx: Transaction, lead_id: UUID, *, read: str, write: str | None) -> LeadAggregate:
    """Lock a lead and read it; raises `NotFound` beyond the reach of `read`, `Forbidden` beyond that of `write`."""
    subject = await lock(tx, lead_id)
    row = await tx.fetch_one(queries.find_lead, id=lead_id)
    demand_record(tx.caller, read, write, row)
    if subject is None or row is None:
        raise NotFound
    return LeadAggregate(subject, row)


async def read_lead(tx: Transaction, lead_id: UUID, *, read: str) -> Row:
    """Read a lead without locking it; raises `NotFound` beyond the reach of `read`."""
    row = await tx.fetch_one(queries.find_lead, id=lead_id)
    demand_record(tx.caller, read, None, row)
    if row is None:
        raise NotFound
    return row


async def publish(
    tx: Transaction,
    lead: LeadAggregate,
    event_type: str,
    payload: Mapping[str, Any],
    before: Mapping[str, Any] | None = None,
) -> UUID:
    """Record an event of the lead's aggregate; `payload` is the record that it is about, JSON-ready."""
    event = Event(type=event_type, object=payload, before=before or {}, routing=Routing.of(lead.row))
    lead.subject, event_id = await record(tx, lead.subject, event)
    return event_id


def payload_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """A lead's row as events carry it."""
    return Lead.model_validate(dict(row)).model_dump(mode="json")
