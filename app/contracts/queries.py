"""Statements on contracts."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.contracts.tables import contracts
from app.core.database import Statement
from app.core.pagination import Listing, any_of, at_least, at_least_money, at_most, at_most_money, equals
from app.core.schema import TimestampTz
from app.core.writes import Update, find_row, insert_row
from app.opportunities.tables import opportunities
from app.people.scoping import in_organization, within_reach
from app.people.tables import organizations

find_contract = find_row(contracts)
insert_contract = insert_row(contracts, without=frozenset({"terminated_at", "termination_reason"}))
update_contract = Update(contracts)
find_today = Statement(
    sa.select(sa.cast(sa.func.timezone(organizations.c.time_zone, bindparam("now", type_=TimestampTz)), sa.Date)).where(
        organizations.c.id == bindparam("organization_id")
    )
)

contract_listing = Listing(
    base=sa.select(contracts)
    .join(
        opportunities,
        sa.and_(
            opportunities.c.organization_id == contracts.c.organization_id,
            opportunities.c.id == contracts.c.opportunity_id,
        ),
    )
    .where(in_organization(contracts), within_reach(opportunities)),
    id_column=contracts.c.id,
    sorts={
        "created_at": contracts.c.created_at,
        "updated_at": contracts.c.updated_at,
        "amount": contracts.c.amount_key,
    },
    filters={
        "kind": any_of(contracts.c.kind),
        "status": any_of(contracts.c.status),
        "opportunity_id": equals(contracts.c.opportunity_id),
        "owner_id": equals(opportunities.c.owner_id),
        "team_id": equals(opportunities.c.team_id),
        "amount_gte": at_least_money(contracts.c.amount_key),
        "amount_lte": at_most_money(contracts.c.amount_key),
        "signed_on_gte": at_least(contracts.c.signed_on),
        "signed_on_lte": at_most(contracts.c.signed_on),
        "ends_on_gte": at_least(contracts.c.ends_on),
        "ends_on_lte": at_most(contracts.c.ends_on),
    },
)
