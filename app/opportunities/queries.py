"""Statements on deals."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ColumnElement

from app.core.database import Statement
from app.core.pagination import Listing, any_of, at_least, at_least_money, at_most, at_most_money, equals
from app.core.writes import Update, find_ids_of, find_row, find_row_of, inserting
from app.opportunities.qualification import QUALIFICATION_COLUMNS
from app.opportunities.tables import opportunities
from app.outbox.record import starting
from app.people.scoping import within_reach
from app.people.tables import organizations

find_opportunity = find_row(opportunities)
find_opportunity_of = find_row_of(opportunities)
find_opportunity_ids_of = find_ids_of(opportunities)
insert_opportunity = starting(
    inserting(
        opportunities,
        without=frozenset(
            {"outcome", "left_stage", "closed_at", "completed_at", "loss_reason", "loss_note", *QUALIFICATION_COLUMNS}
        ),
    )
)
update_opportunity = Update(opportunities)
find_organization_currency = Statement(
    sa.select(organizations.c.currency).where(organizations.c.id == bindparam("organization_id"))
)


def _closes_from(day: sa.BindParameter[Any]) -> ColumnElement[bool]:
    return sa.and_(opportunities.c.close_on.is_not(None), at_least(opportunities.c.close_on_key)(day))


opportunity_listing = Listing(
    base=sa.select(opportunities).where(within_reach(opportunities)),
    id_column=opportunities.c.id,
    searched=opportunities,
    sorts={
        "created_at": opportunities.c.created_at,
        "updated_at": opportunities.c.updated_at,
        "name": opportunities.c.name,
        "amount": opportunities.c.amount_key,
        "close_on": opportunities.c.close_on_key,
        "stage_entered_at": opportunities.c.stage_entered_at,
    },
    filters={
        "stage": any_of(opportunities.c.stage),
        "step": any_of(opportunities.c.step),
        "outcome": any_of(opportunities.c.outcome),
        "pipeline_id": equals(opportunities.c.pipeline_id),
        "account_id": equals(opportunities.c.account_id),
        "owner_id": equals(opportunities.c.owner_id),
        "team_id": equals(opportunities.c.team_id),
        "external_id": equals(opportunities.c.external_id),
        "amount_gte": at_least_money(opportunities.c.amount_key),
        "amount_lte": at_most_money(opportunities.c.amount_key),
        "close_on_gte": _closes_from,
        "close_on_lte": at_most(opportunities.c.close_on_key),
        "closed_at_gte": at_least(opportunities.c.closed_at),
        "closed_at_lte": at_most(opportunities.c.closed_at),
    },
)
