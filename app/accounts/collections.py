"""Accounts and contacts for those who write them by another system's id, or many at once."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from app.accounts import queries
from app.accounts.schemas import AccountPatch, ContactPatch
from app.accounts.writing import ACCOUNT, CONTACT, READ, change, create
from app.core.database import Transaction
from app.outbox.record import pass_gates
from app.records.collection import Collection


async def _queue_for_accounts(tx: Transaction, fields: Sequence[dict[str, Any]], account_ids: Sequence[UUID]) -> None:
    if account_ids and any(each["parent_id"] is not None for each in fields):
        await pass_gates(tx, tx.caller.organization_id)  # first, as `change` does
    await pass_gates(tx, *account_ids)


async def _queue_for_contacts(tx: Transaction, _fields: Sequence[dict[str, Any]], contact_ids: Sequence[UUID]) -> None:
    await pass_gates(tx, *contact_ids)


ACCOUNTS = Collection(
    path="accounts",
    read=READ,
    find=queries.find_account_of,
    create=lambda tx, fields: create(tx, ACCOUNT, fields),
    change=lambda tx, record_id, changes, expected: change(tx, ACCOUNT, record_id, changes, expected),
    patch=AccountPatch,
    find_ids=queries.find_account_ids_of,
    queue=_queue_for_accounts,
)
CONTACTS = Collection(
    path="contacts",
    read=READ,
    find=queries.find_contact_of,
    create=lambda tx, fields: create(tx, CONTACT, fields),
    change=lambda tx, record_id, changes, expected: change(tx, CONTACT, record_id, changes, expected),
    patch=ContactPatch,
    find_ids=queries.find_contact_ids_of,
    queue=_queue_for_contacts,
)
