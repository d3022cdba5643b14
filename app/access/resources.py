"""What may be asked about: a record by its kind and id, and the record by whose owner and team access is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from app.accounts.queries import find_account, find_contact
from app.activities.aggregate import named_in
from app.activities.queries import find_activity
from app.contracts.queries import find_contract
from app.core.database import Row, Statement, Transaction
from app.core.problems import NotFound
from app.follow_up.queries import find_issue
from app.leads.queries import find_lead
from app.opportunities.part_queries import find_objection
from app.opportunities.queries import find_opportunity
from app.people.permissions import demand_found
from app.proposals.queries import find_proposal
from app.team_targets.authority import as_record
from app.team_targets.queries import find_target


class ResourceType(StrEnum):
    """The kinds of records; those that belong to a deal are reached as their deal is."""

    ACCOUNT = "account"
    CONTACT = "contact"
    LEAD = "lead"
    OPPORTUNITY = "opportunity"
    OBJECTION = "objection"
    ISSUE = "issue"
    PROPOSAL = "proposal"
    CONTRACT = "contract"
    ACTIVITY = "activity"
    TEAM_TARGET = "team_target"


@dataclass(frozen=True, slots=True)
class About:
    """Another record that must be in sight, and the action that shows it."""

    read: str
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Resource:
    """A record with `owner_id` and `team_id`, the action that shows it, and what an action needs in sight besides."""

    type: ResourceType
    id: UUID
    read: str
    record: Mapping[str, Any]
    needs: Mapping[str, About] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Kind:
    find: Statement
    read: str
    actions: frozenset[str]
    is_of_deal: bool = False


_DEAL, _TARGET = "opportunities.read", "team_targets.read"
_WORK_ON_DEALS = {
    *("opportunities.read", "opportunities.write", "objections.write", "handoffs.write", "reviews.write"),
    *("satisfaction.write", "issues.write", "proposals.read", "proposals.write", "contracts.read", "contracts.write"),
    *("discounts.approve", "transitions.qualify", "transitions.advance", "transitions.override"),
}
_KINDS = {
    ResourceType.ACCOUNT: _Kind(find_account, "accounts.read", frozenset({"accounts.read", "accounts.write"})),
    ResourceType.CONTACT: _Kind(find_contact, "accounts.read", frozenset({"accounts.read", "accounts.write"})),
    ResourceType.LEAD: _Kind(find_lead, "leads.read", frozenset({"leads.read", "leads.write", "transitions.qualify"})),
    ResourceType.OPPORTUNITY: _Kind(find_opportunity, _DEAL, frozenset(_WORK_ON_DEALS)),
    ResourceType.OBJECTION: _Kind(
        find_objection, _DEAL, frozenset({"opportunities.read", "objections.write"}), is_of_deal=True
    ),
    ResourceType.ISSUE: _Kind(find_issue, _DEAL, frozenset({"opportunities.read", "issues.write"}), is_of_deal=True),
    ResourceType.PROPOSAL: _Kind(
        find_proposal,
        "proposals.read",
        frozenset({"proposals.read", "proposals.write", "discounts.approve"}),
        is_of_deal=True,
    ),
    ResourceType.CONTRACT: _Kind(
        find_contract, "contracts.read", frozenset({"contracts.read", "contracts.write"}), is_of_deal=True
    ),
    ResourceType.ACTIVITY: _Kind(find_activity, "activities.read", frozenset({"activities.read", "activities.write"})),
    ResourceType.TEAM_TARGET: _Kind(find_target, _TARGET, frozenset({"team_targets.read", "team_targets.write"})),
}
ABOUT_RECORDS = frozenset().union(*(kind.actions for kind in _KINDS.values()))
"""Actions whose reach is about records; the others are about the organization as a whole."""


def actions_on(kind: ResourceType) -> frozenset[str]:
    """What can be done to records of the kind."""
    return _KINDS[kind].actions


async def find_resource(tx: Transaction, kind: ResourceType, record_id: UUID) -> Resource:
    """The record, in or out of anybody's reach; raises `NotFound` when the organization has none."""
    described = _KINDS[kind]
    row = demand_found(await tx.fetch_one(described.find, id=record_id))
    if described.is_of_deal:
        deal = await tx.fetch_row(find_opportunity, id=row["opportunity_id"])
        return Resource(kind, record_id, described.read, deal)
    if kind is ResourceType.TEAM_TARGET:
        return Resource(kind, record_id, described.read, as_record(row))
    needs = {"activities.write": await _about(tx, row)} if kind is ResourceType.ACTIVITY else {}
    return Resource(kind, record_id, described.read, row, needs)


async def _about(tx: Transaction, activity: Row) -> About:
    reference = named_in(activity)[0]
    record = await tx.fetch_one(reference.find, id=activity[reference.column])
    if record is None:
        raise NotFound
    return About(reference.read, record)
