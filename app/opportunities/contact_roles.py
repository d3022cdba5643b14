"""Who plays which part in a deal: the evidence for a contact, and for one who decides."""

from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction, new_id
from app.core.problems import NotFound
from app.core.resource import check_version
from app.opportunities import part_queries as queries
from app.opportunities.aggregate import Deal, lock_running_deal, publish, read_deal
from app.opportunities.part_schemas import OpportunityContactRole
from app.opportunities.writing import READ, WRITE


async def add_contact_role(tx: Transaction, opportunity_id: UUID, fields: dict[str, Any]) -> Row:
    """Link a contact to a deal; raises `NotFound`, `Forbidden` and `DealCompleted`."""
    deal = await lock_running_deal(tx, opportunity_id, write=WRITE)
    return await _link(tx, deal, fields)


async def read_contact_role(tx: Transaction, opportunity_id: UUID, role_id: UUID) -> Row:
    """Who plays this part in the deal; raises `NotFound`."""
    await read_deal(tx, opportunity_id, read=READ)
    return await _find(tx, opportunity_id, role_id)


async def ensure_contact_role(tx: Transaction, deal: Deal, contact_id: UUID, role: str) -> None:
    """Link a contact to a locked deal, unless it is linked in that role already."""
    fields = {"contact_id": contact_id, "role": role}
    if await tx.fetch_one(queries.find_same_contact_role, opportunity_id=deal.id, **fields) is None:
        await _link(tx, deal, fields)


async def remove_contact_role(tx: Transaction, opportunity_id: UUID, role_id: UUID, expected: int | None) -> None:
    """Unlink a contact from a deal; raises `NotFound`, `Forbidden`, `DealCompleted` and `PreconditionFailed`."""
    deal = await lock_running_deal(tx, opportunity_id, write=WRITE)
    row = await _find(tx, opportunity_id, role_id)
    check_version(row, expected)
    await tx.execute(queries.delete_contact_role, id=role_id)
    await publish(tx, deal, "opportunity.contact_role_removed", _payload(row))


async def _find(tx: Transaction, opportunity_id: UUID, role_id: UUID) -> Row:
    row = await tx.fetch_one(queries.find_contact_role, id=role_id)
    if row is None or row["opportunity_id"] != opportunity_id:
        raise NotFound
    return row


async def _link(tx: Transaction, deal: Deal, fields: dict[str, Any]) -> Row:
    row = await tx.fetch_row(queries.insert_contact_role, id=new_id(), opportunity_id=deal.id, **fields)
    await publish(tx, deal, "opportunity.contact_role_added", _payload(row))
    return row


def _payload(row: Row) -> dict[str, Any]:
    return OpportunityContactRole.model_validate(dict(row)).model_dump(mode="json")
