"""What customers object to; an open objection holds a deal in its stage."""

from typing import Any
from uuid import UUID

from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.problems import NotFound
from app.core.resource import check_version
from app.opportunities import part_queries as queries
from app.opportunities.aggregate import lock_running_deal, publish, read_deal
from app.opportunities.part_schemas import Objection
from app.opportunities.problems import ObjectionResolved
from app.opportunities.writing import READ

_WRITE = "objections.write"


async def raise_objection(tx: Transaction, opportunity_id: UUID, summary: str) -> Row:
    """Record an open objection about a deal; raises `NotFound`, `Forbidden` and `DealCompleted`."""
    deal = await lock_running_deal(tx, opportunity_id, write=_WRITE)
    row = await tx.fetch_row(queries.insert_objection, id=new_id(), opportunity_id=opportunity_id, summary=summary)
    await publish(tx, deal, "objection.raised", _payload(row))
    return row


async def read_objection(tx: Transaction, objection_id: UUID) -> Row:
    """Read an objection; raises `NotFound` when its deal is out of reach."""
    row = await _find(tx, objection_id)
    await read_deal(tx, row["opportunity_id"], read=READ)
    return row


async def resolve_objection(tx: Transaction, objection_id: UUID, resolution: str, expected: int | None = None) -> Row:
    """Answer an objection.

    Raises `NotFound`, `Forbidden`, `DealCompleted`, `ObjectionResolved` and `PreconditionFailed`.
    """
    opportunity_id = (await _find(tx, objection_id))["opportunity_id"]
    deal = await lock_running_deal(tx, opportunity_id, write=_WRITE)
    old = await _find(tx, objection_id)
    check_version(old, expected)
    if old["status"] == "resolved":
        raise ObjectionResolved
    values = {"status": "resolved", "resolution": resolution, "resolved_at": tx.now()}
    row = await tx.fetch_row(queries.update_objection.of(values), id=objection_id, **values)
    await publish(tx, deal, "objection.resolved", _payload(row), before(old, row))
    return row


async def _find(tx: Transaction, objection_id: UUID) -> Row:
    row = await tx.fetch_one(queries.find_objection, id=objection_id)
    if row is None:
        raise NotFound
    return row


def _payload(row: Row) -> dict[str, Any]:
    return Objection.model_validate(dict(row)).model_dump(mode="json")
