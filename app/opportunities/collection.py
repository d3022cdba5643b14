"""Deals for those who write them by another system's id, or many at once."""

from typing import Any

from app.core.database import Row, Transaction
from app.opportunities import queries
from app.opportunities.schemas import OpportunityPatch
from app.opportunities.writing import READ, change_deal, open_deal
from app.records.collection import Collection


async def _open(tx: Transaction, fields: dict[str, Any]) -> Row:
    return (await open_deal(tx, fields)).row


OPPORTUNITIES = Collection(
    path="opportunities",
    read=READ,
    find=queries.find_opportunity_of,
    create=_open,
    change=change_deal,
    patch=OpportunityPatch,
)
