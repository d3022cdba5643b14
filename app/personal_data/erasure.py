"""Erasing a person: what counts stays, who it was goes, and consumers are told to do the same.

The database's own function replaces what is personal, also in ledgers that nobody else can change; it notes each place.
Everything it touches is locked before, as for any other write.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias
from uuid import UUID

from app.accounts.schemas import Contact
from app.core.database import Transaction
from app.core.routing import LostRace
from app.leads.schemas import Lead
from app.outbox.catalogue import EventType
from app.outbox.event import Event, Routing
from app.outbox.record import lock_all, record
from app.personal_data import queries
from app.personal_data.person import Person
from app.personal_data.schemas import Erasure

Find: TypeAlias = Callable[[Transaction, UUID], Awaitable[Person]]

_ERASED = "(erased)"


async def erase(tx: Transaction, find: Find, record_id: UUID) -> Erasure:
    """Erase the person that a record is; once more, when something was written about them since, and else nothing.

    Raises `NotFound`, and `LostRace` when the person got into another deal meanwhile.
    """
    person = await find(tx, record_id)
    subject_ids = await _subject_ids(tx, person)
    subjects = await lock_all(tx, subject_ids)
    if await find(tx, record_id) != person or await _subject_ids(tx, person) != subject_ids:
        raise LostRace
    erased_at = await tx.fetch_value(queries.find_erasure, ids=person.ids)
    if erased_at is None or await _is_named(tx, person):
        await tx.fetch_value(queries.erase, **_ids(person))
        for event_type, model, statement, ids in (
            (EventType.CONTACT_ERASED, Contact, queries.contacts_of, {"contact_ids": person.contact_ids}),
            (EventType.LEAD_ERASED, Lead, queries.leads_of, {"lead_ids": person.lead_ids}),
        ):
            for row in await tx.fetch_all(statement, **ids):
                shown = model.model_validate(dict(row)).model_dump(mode="json")
                await record(tx, subjects[row["id"]], Event(event_type, shown, routing=Routing.of(row)))
        erased_at = await tx.fetch_value(queries.find_erasure, ids=person.ids)
    return Erasure(contact_ids=person.contact_ids, lead_ids=person.lead_ids, erased_at=erased_at)


async def _subject_ids(tx: Transaction, person: Person) -> list[UUID]:
    return [row["id"] for row in await tx.fetch_all(queries.find_subjects, **_ids(person))]


async def _is_named(tx: Transaction, person: Person) -> bool:
    rows = [
        *await tx.fetch_all(queries.contacts_of, contact_ids=person.contact_ids),
        *await tx.fetch_all(queries.leads_of, lead_ids=person.lead_ids),
    ]
    texts = [*await tx.fetch_all(queries.activities_of, **_ids(person))]
    return any(row["name"] != _ERASED or row["email"] or row["phone"] or row["title"] for row in rows) or any(
        row["summary"] != _ERASED or row["note"] for row in texts
    )


def _ids(person: Person) -> dict[str, Any]:
    return {"contact_ids": person.contact_ids, "lead_ids": person.lead_ids}
