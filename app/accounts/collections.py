"""Accounts and contacts for those who write them by another system's id, or many at once."""

from app.accounts import queries
from app.accounts.schemas import AccountPatch, ContactPatch
from app.accounts.writing import ACCOUNT, CONTACT, READ, change, create
from app.records.collection import Collection

ACCOUNTS = Collection(
    path="accounts",
    read=READ,
    find=queries.find_account_of,
    create=lambda tx, fields: create(tx, ACCOUNT, fields),
    change=lambda tx, record_id, changes, expected: change(tx, ACCOUNT, record_id, changes, expected),
    patch=AccountPatch,
)
CONTACTS = Collection(
    path="contacts",
    read=READ,
    find=queries.find_contact_of,
    create=lambda tx, fields: create(tx, CONTACT, fields),
    change=lambda tx, record_id, changes, expected: change(tx, CONTACT, record_id, changes, expected),
    patch=ContactPatch,
)
