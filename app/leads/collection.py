"""Leads for those who write them by another system's id, or many at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.core.database import Transaction
from app.leads import queries
from app.leads.duplicates import queue_for_emails
from app.leads.schemas import LeadPatch
from app.leads.writing import READ, change_lead, create_lead
from app.outbox.record import pass_gates
from app.records.collection import Collection


async def _queue(tx: Transaction, fields: Sequence[dict[str, Any]], lead_ids: Sequence[UUID]) -> None:
    await pass_gates(tx, *lead_ids)
    await queue_for_emails(tx, [each["email"] for each in fields if each["email"] is not None])


LEADS = Collection(
    path="leads",
    read=READ,
    find=queries.find_lead_of,
    create=create_lead,
    change=change_lead,
    patch=LeadPatch,
    find_ids=queries.find_lead_ids_of,
    queue=_queue,
)
