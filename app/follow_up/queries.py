"""Statements on what follows a closed deal; each record is within reach when its deal is."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement
from app.core.pagination import Filter, Listing, any_of, equals
from app.core.writes import Update, insert_row
from app.follow_up.tables import handoffs, issues, reviews, satisfaction_surveys
from app.opportunities.tables import opportunities
from app.people.permissions import Position
from app.people.scoping import in_organization, within_reach
from app.people.tables import users


def _with_deal(table: sa.Table, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    is_its_deal = sa.and_(
        opportunities.c.organization_id == table.c.organization_id, opportunities.c.id == table.c.opportunity_id
    )
    return sa.select(table, *columns).join(opportunities, is_its_deal)


def _find(table: sa.Table) -> Statement:
    """One record with the owner and the team of its deal."""
    is_it = (in_organization(table), table.c.id == bindparam("id", type_=sa.Uuid))
    return Statement(_with_deal(table, opportunities.c.owner_id, opportunities.c.team_id).where(*is_it))


def _listing(table: sa.Table, is_visible: sa.ColumnElement[bool], filters: dict[str, Filter]) -> Listing:
    return Listing(
        base=_with_deal(table).where(in_organization(table), is_visible),
        id_column=table.c.id,
        sorts={"created_at": table.c.created_at, "updated_at": table.c.updated_at},
        filters={"opportunity_id": equals(table.c.opportunity_id), **filters},
    )


_deal_is_within_reach = within_reach(opportunities)
_is_addressee = handoffs.c.to_user_id == bindparam("reach_user_id", type_=sa.Uuid)

find_handoff = _find(handoffs)
find_pending_handoff = Statement(
    sa.select(handoffs.c.id).where(
        in_organization(handoffs),
        handoffs.c.opportunity_id == bindparam("opportunity_id", type_=sa.Uuid),
        handoffs.c.to_user_id == bindparam("to_user_id", type_=sa.Uuid),
        handoffs.c.status == "requested",
    )
)
find_account_manager = Statement(
    sa.select(users.c.id).where(
        in_organization(users),
        users.c.id == bindparam("id", type_=sa.Uuid),
        users.c.is_active,
        users.c.position == Position.ACCOUNT_MANAGER.value,
    )
)
insert_handoff = insert_row(handoffs, without=frozenset({"status", "decision_note", "decided_at"}))
update_handoff = Update(handoffs)
handoff_listing = _listing(
    handoffs,
    sa.or_(_deal_is_within_reach, _is_addressee),
    {"to_user_id": equals(handoffs.c.to_user_id), "status": any_of(handoffs.c.status)},
)

find_survey = _find(satisfaction_surveys)
insert_survey = insert_row(satisfaction_surveys)
survey_listing = _listing(
    satisfaction_surveys,
    _deal_is_within_reach,
    {"status": any_of(satisfaction_surveys.c.status), "contact_id": equals(satisfaction_surveys.c.contact_id)},
)

find_issue = _find(issues)
insert_issue = insert_row(issues, without=frozenset({"status", "resolution", "resolved_at"}))
update_issue = Update(issues)
issue_listing = _listing(
    issues, _deal_is_within_reach, {"status": any_of(issues.c.status), "severity": any_of(issues.c.severity)}
)

find_review = _find(reviews)
insert_review = insert_row(reviews)
review_listing = _listing(reviews, _deal_is_within_reach, {"filed_by": equals(reviews.c.filed_by)})
