"""What each type of event carries: the record in `data.object`, and whose aggregate it belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from app.accounts.schemas import Account, Contact
from app.activities.schemas import Activity
from app.contracts.schemas import Contract
from app.follow_up.schemas import Handoff, Issue, Review, SatisfactionSurvey
from app.imports.run import CompletedImport
from app.leads.schemas import AssignedLead, Lead
from app.opportunities.part_schemas import LineItem, Objection, OpportunityContactRole
from app.opportunities.schemas import Opportunity
from app.outbox.catalogue import EventType
from app.pipelines.schemas import PipelineInFull
from app.proposals.schemas import Proposal
from app.team_targets.schemas import AllocatedTeamTarget
from app.webhooks.schemas import PingedEndpoint, WebhookEndpoint


@dataclass(frozen=True, slots=True)
class Payload:
    """The model of the object, and the types that the event's subject may have, the usual one first."""

    model: type[BaseModel]
    subjects: tuple[str, ...]


_OF_DEAL = ("opportunity",)
_BY_NOUN: Mapping[str, Payload] = {
    "lead": Payload(Lead, ("lead",)),
    "account": Payload(Account, ("account",)),
    "contact": Payload(Contact, ("contact",)),
    "opportunity": Payload(Opportunity, _OF_DEAL),
    "objection": Payload(Objection, _OF_DEAL),
    "activity": Payload(Activity, ("opportunity", "lead", "account", "contact")),
    "proposal": Payload(Proposal, _OF_DEAL),
    "contract": Payload(Contract, _OF_DEAL),
    "handoff": Payload(Handoff, _OF_DEAL),
    "satisfaction": Payload(SatisfactionSurvey, _OF_DEAL),
    "issue": Payload(Issue, _OF_DEAL),
    "review": Payload(Review, _OF_DEAL),
    "team_target": Payload(AllocatedTeamTarget, ("team_target",)),
    "pipeline": Payload(PipelineInFull, ("pipeline",)),
    "import": Payload(CompletedImport, ("import",)),
    "webhook_endpoint": Payload(WebhookEndpoint, ("webhook_endpoint",)),
    "ping": Payload(PingedEndpoint, ("webhook_endpoint",)),
}
_OTHERWISE: Mapping[EventType, Payload] = {
    EventType.LEAD_ASSIGNED: Payload(AssignedLead, ("lead",)),
    EventType.OPPORTUNITY_CONTACT_ROLE_ADDED: Payload(OpportunityContactRole, _OF_DEAL),
    EventType.OPPORTUNITY_CONTACT_ROLE_REMOVED: Payload(OpportunityContactRole, _OF_DEAL),
    EventType.OPPORTUNITY_LINE_ITEM_ADDED: Payload(LineItem, _OF_DEAL),
    EventType.OPPORTUNITY_LINE_ITEM_CHANGED: Payload(LineItem, _OF_DEAL),
    EventType.OPPORTUNITY_LINE_ITEM_REMOVED: Payload(LineItem, _OF_DEAL),
}
PAYLOADS: Mapping[EventType, Payload] = {
    each: _OTHERWISE.get(each) or _BY_NOUN[each.partition(".")[0]] for each in EventType
}

WITH_TRANSITION = frozenset(
    {
        EventType.LEAD_STAGE_CHANGED,
        EventType.LEAD_CONVERTED,
        EventType.LEAD_DISQUALIFIED,
        EventType.LEAD_RECYCLED,
        EventType.OPPORTUNITY_STAGE_CHANGED,
        EventType.OPPORTUNITY_WON,
        EventType.OPPORTUNITY_LOST,
        EventType.OPPORTUNITY_REOPENED,
        EventType.OPPORTUNITY_GUARD_OVERRIDDEN,
        EventType.OPPORTUNITY_COMPLETED,
    }
)
