"""A person: a contact, a lead, or both, when a lead was converted into a contact."""

from dataclasses import dataclass
from uuid import UUID

from app.core.database import Transaction
from app.core.problems import NotFound
from app.personal_data import queries


@dataclass(frozen=True, slots=True)
class Person:
    """The ids of all records that are the person."""

    contact_ids: list[UUID]
    lead_ids: list[UUID]

    @property
    def ids(self) -> list[UUID]:
        return [*self.contact_ids, *self.lead_ids]


async def find_contact(tx: Transaction, contact_id: UUID) -> Person:
    """The person that a contact is, with the leads it comes from; raises `NotFound`."""
    if await tx.fetch_one(queries.find_contact, id=contact_id) is None:
        raise NotFound
    rows = await tx.fetch_all(queries.find_leads_of, contact_id=contact_id)
    return Person([contact_id], [row["id"] for row in rows])


async def find_lead(tx: Transaction, lead_id: UUID) -> Person:
    """The person that a lead is, with the contact it became and other leads of that; raises `NotFound`."""
    row = await tx.fetch_one(queries.find_lead, id=lead_id)
    if row is None:
        raise NotFound
    if row["converted_contact_id"] is not None:
        return await find_contact(tx, row["converted_contact_id"])
    return Person([], [lead_id])
