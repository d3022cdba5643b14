"""The record that an activity is about: the deal if there is one, else the lead, the account, the contact."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.accounts.queries import find_account, find_contact
from app.activities.problems import LeadDisqualified
from app.activities.schemas import Activity
from app.core.database import Row, Statement, Transaction
from app.core.problems import Forbidden, Invalid
from app.leads.queries import find_lead
from app.opportunities.problems import DealCompleted
from app.opportunities.queries import find_opportunity
from app.outbox.event import Event, Routing, Subject
from app.outbox.record import lock, record
from app.people.permissions import is_within


@dataclass(frozen=True, slots=True)
class Reference:
    """How the record that a column names is found, and the action that shows it."""

    column: str
    find: Statement
    read: str


_REFERENCES = (
    Reference("opportunity_id", find_opportunity, "opportunities.read"),
    Reference("lead_id", find_lead, "leads.read"),
    Reference("account_id", find_account, "accounts.read"),
    Reference("contact_id", find_contact, "accounts.read"),
)


@dataclass(slots=True)
class Aggregate:
    """A locked deal, lead, account or contact: its row, and the subject whose number advances with every event."""

    subject: Subject
    row: Row

    def demand_open(self) -> None:
        """Raise `DealCompleted` or `LeadDisqualified` when nothing new may happen to it."""
        if self.subject.type == "opportunity" and self.row["completed_at"] is not None:
            raise DealCompleted
        if self.subject.type == "lead" and self.row["outcome"] == "disqualified":
            raise LeadDisqualified


def aggregate_id(activity: Mapping[str, Any]) -> UUID:
    """The id of the record that an activity's events belong to."""
    record_id: UUID = activity[named_in(activity)[0].column]
    return record_id


async def lock_named(tx: Transaction, fields: Mapping[str, Any]) -> Aggregate:
    """Lock the aggregate that a new activity names; raises `Invalid` for what is unknown or out of reach."""
    named = named_in(fields)
    if not named:
        raise Invalid.at("", "about_nothing", "Name a lead, a deal, an account or a contact.")
    if fields["lead_id"] is not None and fields["opportunity_id"] is not None:
        raise Invalid.at("/lead_id", "about_both", "Name a lead or a deal, not both.")
    subject = await lock(tx, fields[named[0].column])
    rows = [await _find_named(tx, reference, fields[reference.column]) for reference in named]
    if subject is None:
        raise _unknown(named[0])
    return Aggregate(subject, rows[0])


async def lock_of(tx: Transaction, activity: Mapping[str, Any]) -> Aggregate:
    """Lock the aggregate of an activity that exists; raises `Forbidden` when it has gone out of reach."""
    reference = named_in(activity)[0]
    subject = await lock(tx, activity[reference.column])
    row = await tx.fetch_row(reference.find, id=activity[reference.column])
    if subject is None or not is_within(tx.caller, reference.read, row):
        raise Forbidden("The record that this activity is about is out of your reach.")
    return Aggregate(subject, row)


async def publish(
    tx: Transaction, aggregate: Aggregate, event_type: str, activity: Row, before: Mapping[str, Any]
) -> None:
    """Record an event of the aggregate about one of its activities."""
    payload = Activity.model_validate(dict(activity)).model_dump(mode="json")
    event = Event(type=event_type, object=payload, before=before, routing=Routing.of(aggregate.row))
    aggregate.subject, _ = await record(tx, aggregate.subject, event)


def named_in(fields: Mapping[str, Any]) -> list[Reference]:
    """What an activity names, the record that it is about first."""
    return [reference for reference in _REFERENCES if fields[reference.column] is not None]


async def _find_named(tx: Transaction, reference: Reference, record_id: UUID) -> Row:
    row = await tx.fetch_one(reference.find, id=record_id)
    if row is None or not is_within(tx.caller, reference.read, row):
        raise _unknown(reference)
    return row


def _unknown(reference: Reference) -> Invalid:
    return Invalid.at(f"/{reference.column}", "unknown_reference", "There is no such record.")
