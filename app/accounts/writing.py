"""Creating and changing accounts and contacts, each with its event."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.accounts import queries
from app.accounts.schemas import Account, AccountCreate, Contact, ContactCreate
from app.core.changes import before, differing
from app.core.database import Row, Statement, Transaction, new_id
from app.core.problems import Conflict, NotFound
from app.core.resource import check_version
from app.core.writes import Update
from app.outbox.event import Event, Routing, Subject
from app.outbox.record import lock, pass_gates, record, start_with
from app.people.assignment import owned, reassigned
from app.people.permissions import demand_record

READ, WRITE = "accounts.read", "accounts.write"


class AccountCycle(Conflict):
    """An account cannot be a subsidiary of itself or of one below it."""

    remedy = "Choose a parent that is not below the account."


@dataclass(frozen=True, slots=True)
class Kind:
    """What accounts and contacts differ in; `fields` names what a new one may be given."""

    noun: str
    model: type[BaseModel]
    fields: tuple[str, ...]
    insert: Statement
    find: Statement
    update: Update


ACCOUNT = Kind(
    noun="account",
    model=Account,
    fields=tuple(AccountCreate.model_fields),
    insert=queries.insert_account,
    find=queries.find_account,
    update=queries.update_account,
)
CONTACT = Kind(
    noun="contact",
    model=Contact,
    fields=tuple(ContactCreate.model_fields),
    insert=queries.insert_contact,
    find=queries.find_contact,
    update=queries.update_contact,
)


async def create(tx: Transaction, kind: Kind, fields: dict[str, Any]) -> Row:
    """Write a new account or contact; raises `Invalid` and `Forbidden` as `owned` does."""
    values = await owned(tx, WRITE, fields)
    subject = Subject(kind.noun, new_id(), 0)
    row = await start_with(tx, kind.insert, subject, values)
    await record(tx, subject, _event(kind, "created", row, {}))
    return row


async def change(tx: Transaction, kind: Kind, record_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the fields whose values are other ones; nothing happens when there are none.

    Raises `NotFound`, `Forbidden`, `Invalid`, `AccountCycle`, and `PreconditionFailed` when stale.
    """
    parent_id = changes.get("parent_id")
    if parent_id is not None:  # moves that are each fine alone can together close a circle: one at a time
        await pass_gates(tx, tx.caller.organization_id)
    subject = await lock(tx, record_id)
    old = await tx.fetch_one(kind.find, id=record_id)
    demand_record(tx.caller, READ, WRITE, old)
    if subject is None or old is None:
        raise NotFound
    check_version(old, expected)
    if parent_id is not None and await tx.fetch_one(queries.find_account_above, parent_id=parent_id, id=record_id):
        raise AccountCycle
    values = await reassigned(tx, old, differing(old, changes))
    if not values:
        return old
    new = await tx.fetch_row(kind.update.of(values), id=record_id, **values)
    await record(tx, subject, _event(kind, "updated", new, before(old, new)))
    return new


def _event(kind: Kind, verb: str, row: Row, old_values: dict[str, Any]) -> Event:
    return Event(
        type=f"{kind.noun}.{verb}",
        object=kind.model.model_validate(dict(row)).model_dump(mode="json"),
        before=old_values,
        routing=Routing.of(row),
    )
