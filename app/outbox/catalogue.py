"""The types of events, each with a sentence of what happened, and the patterns that select them."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field

EVERYTHING = "*"


class EventType(StrEnum):
    """What happened, as `noun.verb_in_past`; values may be added."""

    LEAD_CREATED = "lead.created"
    LEAD_UPDATED = "lead.updated"
    LEAD_ASSIGNED = "lead.assigned"
    LEAD_STAGE_CHANGED = "lead.stage_changed"
    LEAD_CONVERTED = "lead.converted"
    LEAD_DISQUALIFIED = "lead.disqualified"
    LEAD_RECYCLED = "lead.recycled"
    LEAD_ERASED = "lead.erased"
    ACCOUNT_CREATED = "account.created"
    ACCOUNT_UPDATED = "account.updated"
    CONTACT_CREATED = "contact.created"
    CONTACT_UPDATED = "contact.updated"
    CONTACT_ERASED = "contact.erased"
    OPPORTUNITY_CREATED = "opportunity.created"
    OPPORTUNITY_UPDATED = "opportunity.updated"
    OPPORTUNITY_STAGE_CHANGED = "opportunity.stage_changed"
    OPPORTUNITY_WON = "opportunity.won"
    OPPORTUNITY_LOST = "opportunity.lost"
    OPPORTUNITY_REOPENED = "opportunity.reopened"
    OPPORTUNITY_GUARD_OVERRIDDEN = "opportunity.guard_overridden"
    OPPORTUNITY_ASSIGNED = "opportunity.assigned"
    OPPORTUNITY_COMPLETED = "opportunity.completed"
    OPPORTUNITY_CONTACT_ROLE_ADDED = "opportunity.contact_role_added"
    OPPORTUNITY_CONTACT_ROLE_REMOVED = "opportunity.contact_role_removed"
    OPPORTUNITY_LINE_ITEM_ADDED = "opportunity.line_item_added"
    OPPORTUNITY_LINE_ITEM_CHANGED = "opportunity.line_item_changed"
    OPPORTUNITY_LINE_ITEM_REMOVED = "opportunity.line_item_removed"
    OBJECTION_RAISED = "objection.raised"
    OBJECTION_RESOLVED = "objection.resolved"
    ACTIVITY_CREATED = "activity.created"
    ACTIVITY_UPDATED = "activity.updated"
    ACTIVITY_COMPLETED = "activity.completed"
    PROPOSAL_CREATED = "proposal.created"
    PROPOSAL_UPDATED = "proposal.updated"
    PROPOSAL_DISCOUNT_APPROVED = "proposal.discount_approved"
    PROPOSAL_SENT = "proposal.sent"
    PROPOSAL_ACCEPTED = "proposal.accepted"
    PROPOSAL_REJECTED = "proposal.rejected"
    PROPOSAL_EXPIRED = "proposal.expired"
    CONTRACT_CREATED = "contract.created"
    CONTRACT_UPDATED = "contract.updated"
    CONTRACT_SIGNED = "contract.signed"
    CONTRACT_TERMINATED = "contract.terminated"
    CONTRACT_RENEWAL_DUE = "contract.renewal_due"
    HANDOFF_REQUESTED = "handoff.requested"
    HANDOFF_ACCEPTED = "handoff.accepted"
    HANDOFF_REJECTED = "handoff.rejected"
    SATISFACTION_RECORDED = "satisfaction.recorded"
    ISSUE_OPENED = "issue.opened"
    ISSUE_RESOLVED = "issue.resolved"
    REVIEW_FILED = "review.filed"
    TEAM_TARGET_SET = "team_target.set"
    TEAM_TARGET_CHANGED = "team_target.changed"
    TEAM_TARGET_DELETED = "team_target.deleted"
    TEAM_TARGET_ATTAINED = "team_target.attained"
    PIPELINE_PUBLISHED = "pipeline.published"
    IMPORT_COMPLETED = "import.completed"
    WEBHOOK_ENDPOINT_DISABLED = "webhook_endpoint.disabled"
    PING = "ping"


DESCRIPTIONS: Mapping[EventType, str] = {
    EventType.LEAD_CREATED: "A lead came in.",
    EventType.LEAD_UPDATED: "Fields of a lead changed.",
    EventType.LEAD_ASSIGNED: "A lead was given to another owner.",
    EventType.LEAD_STAGE_CHANGED: "A lead moved from one stage to another.",
    EventType.LEAD_CONVERTED: "A lead became an account, a contact and a deal.",
    EventType.LEAD_DISQUALIFIED: "A lead was given up.",
    EventType.LEAD_RECYCLED: "A lead that was given up is worked on again.",
    EventType.LEAD_ERASED: "The person that a lead is was erased: forget them too.",
    EventType.ACCOUNT_CREATED: "An account was added.",
    EventType.ACCOUNT_UPDATED: "Fields of an account changed.",
    EventType.CONTACT_CREATED: "A contact was added.",
    EventType.CONTACT_UPDATED: "Fields of a contact changed.",
    EventType.CONTACT_ERASED: "The person that a contact is was erased: forget them too.",
    EventType.OPPORTUNITY_CREATED: "A deal was opened.",
    EventType.OPPORTUNITY_UPDATED: "Fields of a deal changed; never its stage.",
    EventType.OPPORTUNITY_STAGE_CHANGED: "A deal moved from one stage to another.",
    EventType.OPPORTUNITY_WON: "A deal was won, by the stage change before it.",
    EventType.OPPORTUNITY_LOST: "A deal was lost, by the stage change before it.",
    EventType.OPPORTUNITY_REOPENED: "A lost deal was opened again, by the stage change before it.",
    EventType.OPPORTUNITY_GUARD_OVERRIDDEN: "A manager let a deal move although exit criteria were not met.",
    EventType.OPPORTUNITY_ASSIGNED: "A deal was given to another owner.",
    EventType.OPPORTUNITY_COMPLETED: "A won deal went through its follow-up to the end.",
    EventType.OPPORTUNITY_CONTACT_ROLE_ADDED: "A contact was given a role in a deal.",
    EventType.OPPORTUNITY_CONTACT_ROLE_REMOVED: "A contact lost a role in a deal.",
    EventType.OPPORTUNITY_LINE_ITEM_ADDED: "A product was added to a deal.",
    EventType.OPPORTUNITY_LINE_ITEM_CHANGED: "A product's quantity or price in a deal changed.",
    EventType.OPPORTUNITY_LINE_ITEM_REMOVED: "A product was taken out of a deal.",
    EventType.OBJECTION_RAISED: "The customer objected to something.",
    EventType.OBJECTION_RESOLVED: "An objection was resolved.",
    EventType.ACTIVITY_CREATED: "An activity was planned or recorded.",
    EventType.ACTIVITY_UPDATED: "Fields of an activity changed.",
    EventType.ACTIVITY_COMPLETED: "An activity took place, was missed, or was cancelled.",
    EventType.PROPOSAL_CREATED: "A proposal was drafted.",
    EventType.PROPOSAL_UPDATED: "Fields of a proposal changed.",
    EventType.PROPOSAL_DISCOUNT_APPROVED: "A proposal's discount was approved.",
    EventType.PROPOSAL_SENT: "A proposal went to the customer.",
    EventType.PROPOSAL_ACCEPTED: "The customer accepted a proposal.",
    EventType.PROPOSAL_REJECTED: "The customer rejected a proposal.",
    EventType.PROPOSAL_EXPIRED: "A proposal's validity ended without an answer.",
    EventType.CONTRACT_CREATED: "A contract was drafted.",
    EventType.CONTRACT_UPDATED: "Fields of a contract changed.",
    EventType.CONTRACT_SIGNED: "A contract was signed.",
    EventType.CONTRACT_TERMINATED: "A contract was ended.",
    EventType.CONTRACT_RENEWAL_DUE: "A contract's renewal is due.",
    EventType.HANDOFF_REQUESTED: "A deal is to be handed over.",
    EventType.HANDOFF_ACCEPTED: "A hand-off was accepted.",
    EventType.HANDOFF_REJECTED: "A hand-off was rejected.",
    EventType.SATISFACTION_RECORDED: "A customer's satisfaction was recorded.",
    EventType.ISSUE_OPENED: "A customer's issue was opened.",
    EventType.ISSUE_RESOLVED: "A customer's issue was resolved.",
    EventType.REVIEW_FILED: "A win or loss review was filed.",
    EventType.TEAM_TARGET_SET: "A team was given a target.",
    EventType.TEAM_TARGET_CHANGED: "A team's target changed.",
    EventType.TEAM_TARGET_DELETED: "A target was taken back.",
    EventType.TEAM_TARGET_ATTAINED: "A team reached its target.",
    EventType.PIPELINE_PUBLISHED: "A version of a pipeline was published.",
    EventType.IMPORT_COMPLETED: "An import ended.",
    EventType.WEBHOOK_ENDPOINT_DISABLED: "A webhook endpoint is called no more: it is gone, or failed for too long.",
    EventType.PING: "A test of an endpoint; never in the log.",
}


def matches(patterns: Iterable[str], event_type: str) -> bool:
    """Whether one of the patterns selects the type: the type itself, `noun.*`, or `*`."""
    return not {EVERYTHING, f"{event_type.partition('.')[0]}.*", event_type}.isdisjoint(patterns)


def _known_pattern(pattern: str) -> str:
    if not any(matches((pattern,), event_type) for event_type in EventType):
        raise ValueError("not a type of event, nor a noun of one followed by .*")
    return pattern


EventPattern = Annotated[
    str,
    Field(max_length=100, examples=["opportunity.*"], description="A type of event, `noun.*`, or `*`."),
    AfterValidator(_known_pattern),
]
