"""What the criteria look at, read in one statement: the record, the number of its newest event, and its evidence."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import LateralFromClause

from app.activities.tables import OUTREACH_KINDS, PRESENTATION_KINDS, activities
from app.contracts.tables import contracts
from app.core.database import Statement
from app.core.schema import is_one_of
from app.follow_up.tables import handoffs, issues, reviews, satisfaction_surveys
from app.leads.tables import leads
from app.opportunities.tables import DECIDING_ROLES, objections, opportunities, opportunity_contact_roles
from app.outbox.tables import subjects
from app.people.scoping import in_organization
from app.people.tables import organizations
from app.proposals.tables import proposals
from app.workflow.criteria import Evidence

_CURRENT_PROPOSALS = ("draft", "sent", "accepted")
_SENT_PROPOSALS = ("sent", "accepted")
_now = sa.func.now().label("transaction_at")  # what a change in this transaction will say in `updated_at`
_NAMES = frozenset(field.name for field in fields(Evidence))


def evidence_of(row: Mapping[str, Any]) -> Evidence:
    """The evidence in a row of `find_deal` or `find_lead`."""
    return Evidence(**{name: value for name, value in row.items() if name in _NAMES})


def _about(table: sa.Table, column: str, record: sa.Table) -> ColumnElement[bool]:
    return sa.and_(table.c.organization_id == record.c.organization_id, table.c[column] == record.c.id)


def _is_subject(record: sa.Table) -> ColumnElement[bool]:
    return sa.and_(subjects.c.organization_id == record.c.organization_id, subjects.c.id == record.c.id)


def _count(name: str, condition: ColumnElement[bool] | None = None) -> sa.Label[int]:
    counted = sa.func.count()
    return (counted if condition is None else counted.filter(condition)).label(name)


def _qualification(record: sa.Table) -> list[sa.Label[bool]]:
    return [
        record.c.need.is_not(None).label("has_need"),
        record.c.budget_amount.is_not(None).label("has_budget"),
        record.c.timeline_on.is_not(None).label("has_timeline"),
        record.c.decision_process.is_not(None).label("has_decision_process"),
    ]


def _held(record: sa.Table, column: str) -> LateralFromClause:
    return (
        sa.select(
            _count("held_outreach_count", is_one_of(activities.c.kind, OUTREACH_KINDS)),
            _count("held_presentation_count", is_one_of(activities.c.kind, PRESENTATION_KINDS)),
        )
        .where(_about(activities, column, record), activities.c.status == "held")
        .lateral("held")
    )


_contacts = (
    sa.select(
        _count("contact_count"),
        _count("deciding_contact_count", is_one_of(opportunity_contact_roles.c.role, DECIDING_ROLES)),
    )
    .where(_about(opportunity_contact_roles, "opportunity_id", opportunities))
    .lateral("contacts_linked")
)

_is_unapproved = sa.and_(
    is_one_of(proposals.c.status, _CURRENT_PROPOSALS),
    proposals.c.discount_percent > organizations.c.discount_limit_percent,
    sa.or_(
        proposals.c.discount_percent > sa.func.coalesce(proposals.c.discount_approved_percent, 0),
        proposals.c.discount_approved_by == opportunities.c.owner_id,  # who approved it has taken the deal since
    ),
)
_is_complete = sa.and_(
    proposals.c.pricing.is_not(None), proposals.c.terms.is_not(None), proposals.c.delivery_timeline.is_not(None)
)
_offers = (
    sa.select(
        _count("sent_proposal_count", is_one_of(proposals.c.status, _SENT_PROPOSALS)),
        _count("complete_sent_proposal_count", sa.and_(is_one_of(proposals.c.status, _SENT_PROPOSALS), _is_complete)),
        sa.func.max(proposals.c.discount_percent).filter(_is_unapproved).label("unapproved_discount_percent"),
    )
    .where(_about(proposals, "opportunity_id", opportunities))
    .lateral("offers")
)

_hand_over = (
    sa.select(
        sa.func.coalesce(sa.func.bool_or(handoffs.c.status == "requested"), False).label("handoff_offered"),
        sa.func.coalesce(sa.func.bool_or(handoffs.c.status == "accepted"), False).label("handoff_accepted"),
    )
    .where(_about(handoffs, "opportunity_id", opportunities))
    .lateral("hand_over")
)

_satisfaction = (
    sa.select(
        _count("satisfaction_answer_count", satisfaction_surveys.c.status == "answered"),
        _count("satisfaction_attempt_count", satisfaction_surveys.c.status == "attempted"),
    )
    .where(_about(satisfaction_surveys, "opportunity_id", opportunities))
    .lateral("satisfaction")
)


def _count_of(table: sa.Table, name: str, *conditions: ColumnElement[bool]) -> sa.Label[int]:
    counting = sa.select(sa.func.count()).where(_about(table, "opportunity_id", opportunities), *conditions)
    return counting.correlate(opportunities).scalar_subquery().label(name)


_deals = (
    sa.select(
        opportunities,
        _now,
        subjects.c.last_sequence,
        organizations.c.discount_limit_percent,
        *_qualification(opportunities),
        _contacts,
        (deal_held := _held(opportunities, "opportunity_id")),
        _offers,
        _hand_over,
        _satisfaction,
        _count_of(objections, "open_objection_count", objections.c.status == "open"),
        _count_of(contracts, "signed_contract_count", contracts.c.status == "signed"),
        _count_of(issues, "open_issue_count", issues.c.status == "open"),
        _count_of(reviews, "review_count"),
    )
    .select_from(
        opportunities.join(organizations, organizations.c.id == opportunities.c.organization_id)
        .join(subjects, _is_subject(opportunities))
        .join(_contacts, sa.true())
        .join(deal_held, sa.true())
        .join(_offers, sa.true())
        .join(_hand_over, sa.true())
        .join(_satisfaction, sa.true())
    )
    .where(in_organization(opportunities))
)
find_deal = Statement(_deals.where(opportunities.c.id == bindparam("id")))
find_deals = Statement(_deals.where(opportunities.c.id == sa.any_(bindparam("ids", type_=sa.ARRAY(sa.Uuid)))))

find_lead = Statement(
    sa.select(
        leads,
        _now,
        subjects.c.last_sequence,
        sa.or_(leads.c.email.is_not(None), leads.c.phone.is_not(None)).label("has_email_or_phone"),
        *_qualification(leads),
        (lead_held := _held(leads, "lead_id")),
    )
    .select_from(leads.join(subjects, _is_subject(leads)).join(lead_held, sa.true()))
    .where(in_organization(leads), leads.c.id == bindparam("id"))
)
