"""Statements on accounts and contacts."""

import sqlalchemy as sa

from app.accounts.tables import accounts, contacts
from app.core.database import Statement
from app.core.pagination import Filter, Listing, any_of, at_least, at_most, equals
from app.core.writes import Update, find_ids_of, find_row, find_row_of, inserting
from app.outbox.record import starting
from app.people.scoping import select_above, within_reach


def has_email(table: sa.Table) -> Filter:
    """The row has the e-mail, in whatever case."""
    return lambda email: table.c.email_key == sa.func.lower(sa.bindparam(email.key, type_=sa.Text))


find_account = find_row(accounts)
find_account_of = find_row_of(accounts)
find_account_ids_of = find_ids_of(accounts)
insert_account = starting(inserting(accounts))
update_account = Update(accounts)
find_account_above = Statement(select_above(accounts))

account_listing = Listing(
    base=sa.select(accounts).where(within_reach(accounts)),
    id_column=accounts.c.id,
    searched=accounts,
    sorts={"created_at": accounts.c.created_at, "updated_at": accounts.c.updated_at, "name": accounts.c.name},
    filters={
        "owner_id": equals(accounts.c.owner_id),
        "team_id": equals(accounts.c.team_id),
        "parent_id": equals(accounts.c.parent_id),
        "external_id": equals(accounts.c.external_id),
        "industry": any_of(accounts.c.industry),
        "annual_revenue_gte": at_least(accounts.c.annual_revenue),
        "annual_revenue_lte": at_most(accounts.c.annual_revenue),
    },
)

find_contact = find_row(contacts)
find_contact_of = find_row_of(contacts)
find_contact_ids_of = find_ids_of(contacts)
insert_contact = starting(inserting(contacts))
update_contact = Update(contacts)

contact_listing = Listing(
    base=sa.select(contacts).where(within_reach(contacts)),
    id_column=contacts.c.id,
    searched=contacts,
    sorts={"created_at": contacts.c.created_at, "updated_at": contacts.c.updated_at, "name": contacts.c.name},
    filters={
        "account_id": equals(contacts.c.account_id),
        "owner_id": equals(contacts.c.owner_id),
        "team_id": equals(contacts.c.team_id),
        "email": has_email(contacts),
        "external_id": equals(contacts.c.external_id),
    },
)
