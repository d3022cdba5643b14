"""Statements on proposals."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement
from app.core.pagination import Listing, any_of, at_least, at_least_money, at_most, at_most_money, equals
from app.core.writes import Update, find_row, insert_row
from app.opportunities.tables import opportunities
from app.people.scoping import in_organization, within_reach
from app.people.tables import organizations
from app.proposals.tables import proposals

find_proposal = find_row(proposals)
insert_proposal = insert_row(
    proposals,
    without=frozenset(
        {
            "status",
            "discount_approved_percent",
            "discount_approved_by",
            "discount_approved_at",
            "sent_at",
            "decided_at",
            "decision_note",
        }
    ),
)
update_proposal = Update(proposals)
find_discount_limit = Statement(
    sa.select(organizations.c.discount_limit_percent).where(organizations.c.id == bindparam("organization_id"))
)

proposal_listing = Listing(
    base=sa.select(proposals)
    .join(
        opportunities,
        sa.and_(
            opportunities.c.organization_id == proposals.c.organization_id,
            opportunities.c.id == proposals.c.opportunity_id,
        ),
    )
    .where(in_organization(proposals), within_reach(opportunities)),
    id_column=proposals.c.id,
    sorts={
        "created_at": proposals.c.created_at,
        "updated_at": proposals.c.updated_at,
        "amount": proposals.c.amount_key,
    },
    filters={
        "status": any_of(proposals.c.status),
        "opportunity_id": equals(proposals.c.opportunity_id),
        "owner_id": equals(opportunities.c.owner_id),
        "team_id": equals(opportunities.c.team_id),
        "amount_gte": at_least_money(proposals.c.amount_key),
        "amount_lte": at_most_money(proposals.c.amount_key),
        "sent_at_gte": at_least(proposals.c.sent_at),
        "sent_at_lte": at_most(proposals.c.sent_at),
        "valid_until_on_gte": at_least(proposals.c.valid_until_on),
        "valid_until_on_lte": at_most(proposals.c.valid_until_on),
    },
)
