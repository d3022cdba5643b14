"""Deals for those who write them by another system's id, or many at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction
from app.opportunities import queries
from app.opportunities.schemas import OpportunityPatch
from app.opportunities.writing import READ, change_deal, open_deal
from app.outbox.record import pass_gates
from app.records.collection import Collection


async def _open(tx: Transaction, fields: dict[str, Any]) -> Row:
    return (await open_deal(tx, fields)).row


async def _queue(tx: Transaction, _fields: Sequence[dict[str, Any]], opportunity_ids: Sequence[UUID]) -> None:
    await pass_gates(tx, *opportunity_ids)


OPPORTUNITIES = Collection(
    path="opportunities",
    read=READ,
    find=queries.find_opportunity_of,
    create=_open,
    change=change_deal,
    patch=OpportunityPatch,
    find_ids=queries.find_opportunity_ids_of,
    queue=_queue,
)
