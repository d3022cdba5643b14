"""Statements on leads."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.accounts.queries import has_email
from app.accounts.tables import contacts
from app.core.database import Statement
from app.core.pagination import Listing, any_of, at_least, at_most, equals
from app.core.writes import Update, find_ids_of, find_row, find_row_of, inserting
from app.leads.tables import leads
from app.opportunities.qualification import QUALIFICATION_COLUMNS
from app.outbox.record import starting
from app.people.scoping import in_organization, within_reach

find_lead = find_row(leads)
find_lead_of = find_row_of(leads)
find_lead_ids_of = find_ids_of(leads)
update_lead = Update(leads)
insert_lead = starting(
    inserting(
        leads,
        without=frozenset(
            {
                "outcome",
                "left_stage",
                "disqualified_reason",
                "qualified_at",
                "converted_at",
                "converted_account_id",
                "converted_contact_id",
                "converted_opportunity_id",
                *QUALIFICATION_COLUMNS,
            }
        ),
    )
)

lead_listing = Listing(
    base=sa.select(leads).where(within_reach(leads)),
    id_column=leads.c.id,
    searched=leads,
    sorts={
        "created_at": leads.c.created_at,
        "updated_at": leads.c.updated_at,
        "name": leads.c.name,
        "stage_entered_at": leads.c.stage_entered_at,
    },
    filters={
        "stage": any_of(leads.c.stage),
        "outcome": any_of(leads.c.outcome),
        "source": any_of(leads.c.source),
        "owner_id": equals(leads.c.owner_id),
        "team_id": equals(leads.c.team_id),
        "email": has_email(leads),
        "external_id": equals(leads.c.external_id),
        "created_at_gte": at_least(leads.c.created_at),
        "created_at_lte": at_most(leads.c.created_at),
    },
)

# held until the end of the transaction: two leads with one e-mail cannot both look and find nobody
_email = sa.func.unnest(bindparam("emails", type_=sa.ARRAY(sa.Text))).column_valued("email")
_place = sa.func.hashtextextended(
    sa.cast(bindparam("organization_id", type_=sa.Uuid), sa.Text) + sa.func.lower(_email), 0
).label("place")
_places = sa.select(_place).distinct().order_by(_place).subquery()  # in one order, so that no two wait for each other
lock_emails = Statement(sa.select(sa.func.pg_advisory_xact_lock(_places.c.place)))

find_leads_by_email = Statement(
    sa.select(leads)
    .where(
        in_organization(leads),
        has_email(leads)(bindparam("email")),
        leads.c.id != bindparam("except_id", type_=sa.Uuid),
    )
    .order_by(leads.c.created_at, leads.c.id)
    .limit(50)
)

find_contacts_by_email = Statement(
    sa.select(contacts.c.id, contacts.c.name, contacts.c.account_id)
    .where(
        in_organization(contacts),
        has_email(contacts)(bindparam("email")),
    )
    .order_by(contacts.c.created_at, contacts.c.id)
    .limit(50)
)
