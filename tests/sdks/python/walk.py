"""The README's walk from a lead to an analysed deal, by a generated client. Usage: walk.py URL KEY_OF_OPERATIONS."""

import json
import sys
from datetime import UTC, date, datetime
from typing import Any, TypeVar

from stageline_client import AuthenticatedClient
from stageline_client.api.accounts import create_account, get_account, update_account
from stageline_client.api.activities import create_activity
from stageline_client.api.contracts import create_contract, sign_contract
from stageline_client.api.events import list_events
from stageline_client.api.follow_up import accept_handoff, create_handoff, create_review, create_satisfaction_survey
from stageline_client.api.leads import create_lead, replace_lead_qualification
from stageline_client.api.opportunities import get_opportunity
from stageline_client.api.people import create_api_key, create_user, get_me
from stageline_client.api.proposals import create_proposal, send_proposal
from stageline_client.api.transitions import (
    create_lead_conversion,
    create_lead_transition,
    create_opportunity_transition,
    list_opportunity_transitions,
)
from stageline_client.models import (
    Account,
    AccountCreate,
    AccountPatch,
    Activity,
    ActivityCreate,
    ActivityKind,
    ApiKeyCreate,
    ContactRole,
    Contract,
    ContractCreate,
    ContractSignature,
    Conversion,
    ConversionCreate,
    EventPage,
    Handoff,
    HandoffCreate,
    HandoffDecision,
    HandoffStatus,
    IssuedApiKey,
    Lead,
    LeadCreate,
    LeadTransition,
    LeadTransitionCreate,
    Me,
    NewActivityStatus,
    Opportunity,
    OpportunityTransition,
    OpportunityTransitionCreate,
    OpportunityTransitionPage,
    Outcome,
    Position,
    ProblemDocument,
    Proposal,
    ProposalCreate,
    QualificationReplace,
    Review,
    ReviewCreate,
    SatisfactionSurvey,
    SatisfactionSurveyCreate,
    SurveyStatus,
    TransitionProblem,
    User,
    UserCreate,
)
from stageline_client.types import Response

URL, OPERATIONS_KEY = sys.argv[1:]
Told = TypeVar("Told")


def told(answer: Response[Any], kind: type[Told]) -> Told:
    """What was answered, when it is of the kind; the refusal's own words otherwise."""
    assert isinstance(answer.parsed, kind), f"{answer.status_code}: {answer.content.decode()}"
    return answer.parsed


def client_with(key: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=URL, token=key, raise_on_unexpected_status=True)


def hire(position: Position) -> AuthenticatedClient:
    """A new person of the position, as the client that acts for them."""
    body = UserCreate(name="Somebody", email=f"{position}@python.example", position=position)
    user = told(create_user.sync_detailed(client=operations, body=body), User)
    key = ApiKeyCreate(user_id=user.id, name="walk")
    return client_with(told(create_api_key.sync_detailed(client=operations, body=key), IssuedApiKey).key)


operations = client_with(OPERATIONS_KEY)
rep, manager = hire(Position.SALES_REPRESENTATIVE), hire(Position.ACCOUNT_MANAGER)

# prospecting: not without an outreach
new_lead = LeadCreate(name="Ann Field", company_name="Fields Ltd", email="ann@python.example")
lead = told(create_lead.sync_detailed(client=rep, body=new_lead), Lead)
to_qualification = LeadTransitionCreate(to_stage="qualification")
refused = create_lead_transition.sync_detailed(lead.id, client=rep, body=to_qualification)
assert isinstance(refused.parsed, TransitionProblem)
assert refused.parsed.code == "exit_criteria_not_met"
assert refused.parsed.criteria
(missing,) = [each for each in refused.parsed.criteria if not each.satisfied]
assert Position.SALES_REPRESENTATIVE in missing.who_can_fix
assert (missing.how.method, missing.how.path) == ("POST", "/v1/activities")
call = ActivityCreate(
    kind=ActivityKind.CALL, status=NewActivityStatus.HELD, summary="They need new fences", lead_id=lead.id
)
told(create_activity.sync_detailed(client=rep, body=call), Activity)
told(create_lead_transition.sync_detailed(lead.id, client=rep, body=to_qualification), LeadTransition)

# qualification, and the conversion into account, contact and deal
qualification = QualificationReplace(
    need="New fences",
    budget_amount="25000.00",
    budget_currency="USD",
    timeline_on=date(2030, 6, 30),
    decision_process="Ann decides",
)
told(replace_lead_qualification.sync_detailed(lead.id, client=rep, body=qualification), Lead)
conversion = ConversionCreate(contact_role=ContactRole.DECISION_MAKER)
converted = told(create_lead_conversion.sync_detailed(lead.id, client=rep, body=conversion), Conversion)
assert converted.opportunity.id is not None  # as it is in a dry run
deal_id = converted.opportunity.id


def move_to(stage: str, client: AuthenticatedClient = rep) -> OpportunityTransition:
    body = OpportunityTransitionCreate(to_stage=stage)
    return told(create_opportunity_transition.sync_detailed(deal_id, client=client, body=body), OpportunityTransition)


# presentation, negotiation, closing
presentation = ActivityCreate(
    kind=ActivityKind.PRESENTATION,
    status=NewActivityStatus.HELD,
    summary="Showed the catalogue",
    opportunity_id=deal_id,
)
told(create_activity.sync_detailed(client=rep, body=presentation), Activity)
move_to("negotiation")
offer = ProposalCreate(
    opportunity_id=deal_id,
    title="Fences",
    amount="24000.00",
    pricing="24000 USD",
    terms="30 days",
    delivery_timeline="6 weeks",
)
proposal = told(create_proposal.sync_detailed(client=rep, body=offer), Proposal)
told(send_proposal.sync_detailed(proposal.id, client=rep), Proposal)
move_to("closing")
agreed = ContractCreate(opportunity_id=deal_id, amount="24000.00")
contract = told(create_contract.sync_detailed(client=rep, body=agreed), Contract)
signature = ContractSignature(signed_on=datetime.now(UTC).date())
told(sign_contract.sync_detailed(contract.id, client=rep, body=signature), Contract)
assert move_to("follow_up").outcome is Outcome.WON

# follow-up and analysis
to_user = told(get_me.sync_detailed(client=manager), Me).user.id
handing_over = HandoffCreate(opportunity_id=deal_id, to_user_id=to_user)
handoff = told(create_handoff.sync_detailed(client=rep, body=handing_over), Handoff)
accepted = told(accept_handoff.sync_detailed(handoff.id, client=manager, body=HandoffDecision()), Handoff)
assert accepted.status is HandoffStatus.ACCEPTED
survey = SatisfactionSurveyCreate(opportunity_id=deal_id, status=SurveyStatus.ANSWERED, score=9)
told(create_satisfaction_survey.sync_detailed(client=rep, body=survey), SatisfactionSurvey)
move_to("analysis")
review = ReviewCreate(opportunity_id=deal_id, reasons=["price"], lesson="Show the catalogue early")
told(create_review.sync_detailed(client=rep, body=review), Review)
move_to("completed")

# the ledger, the log, and what makes a call safe to repeat
history = told(list_opportunity_transitions.sync_detailed(deal_id, client=rep), OpportunityTransitionPage)
log = told(list_events.sync_detailed(client=operations, subject_id=deal_id), EventPage)
deal = told(get_opportunity.sync_detailed(deal_id, client=rep), Opportunity)
hedges = AccountCreate(name="Hedges Ltd")
twice = [create_account.sync_detailed(client=rep, body=hedges, idempotency_key="python-1") for _ in range(2)]
account = told(twice[0], Account)
etag = get_account.sync_detailed(account.id, client=rep).headers["ETag"]
renamed, stale = (
    update_account.sync_detailed(account.id, client=rep, body=AccountPatch(name=name), if_match=etag)
    for name in ("Hedges & Sons", "Hedges & Daughters")
)
print(
    json.dumps(
        {
            "stage": deal.stage,
            "amount": deal.amount,
            "steps": [each.step for each in history.items],
            "sequences": [each.subject.sequence for each in log.items],
            "same_bytes": twice[0].content == twice[1].content,
            "replayed": [each.headers.get("Idempotent-Replayed") for each in twice],
            "location_matches": twice[0].headers["Location"] == f"/v1/accounts/{account.id}",
            "renamed": told(renamed, Account).name,
            "stale": told(stale, ProblemDocument).code,
        }
    )
)
