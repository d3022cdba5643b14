"""Creating and changing accounts and contacts, each with its event."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel

from app.accounts import queries
from app.accounts.schemas import Account, Contact
from app.core.changes import before
from app.core.database import Row, Statement, Transaction, new_id
from app.core.problems import NotFound
from app.core.resource import check_version
from app.core.writes import Update
from app.outbox.event import Event, Routing
from app.outbox.record import lock, record, start
from app.people.assignment import owned, reassigned
from app.people.permissions import demand_record


class Kind:
    """What accounts and contacts differ in."""

    def __init__(self, noun: str, model: type[BaseModel], insert: Statement, find: Statement, update: Update) -> None:
        self.noun = noun
        self.model = model
        self.insert = insert
        self.find = find
        self.update = update


ACCOUNT = Kind("account", Account, queries.insert_account, queries.find_account, queries.update_account)
CONTACT = Kind("contact", Contact, queries.insert_contact, queries.find_contact, queries.update_contact)


async def create(tx: Transaction, kind: Kind, fields: dict[str, Any]) -> Row:
    """Write a new account or contact; raises `Invalid` and `Forbidden` as `owned` does."""
    values = await owned(tx, "accounts.write", fields)
    record_id = new_id()
    subject = await start(tx, kind.noun, record_id)
    row = await tx.fetch_row(kind.insert, id=record_id, **values)
    await record(tx, subject, _event(kind, "created", row, {}))
    return row


async def change(tx: Transaction, kind: Kind, record_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the given fields; raises `NotFound`, `Forbidden`, `Invalid`, and `PreconditionFailed` when stale."""
    subject = await lock(tx, record_id)
    old = await tx.fetch_one(kind.find, id=record_id)
    demand_record(tx.caller, "accounts.read", "accounts.write", old)
    if subject is None or old is None:
        raise NotFound
    check_version(old, expected)
    values = await reassigned(tx, old, changes)
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
