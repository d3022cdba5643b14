"""Evidence that satisfies every criterion, and evidence that lacks one fact."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from uuid import UUID

from app.workflow.criteria import Evidence

COMPLETE = Evidence(
    owner_id=UUID(int=1),
    account_id=UUID(int=2),
    has_email_or_phone=True,
    contact_count=1,
    deciding_contact_count=1,
    held_outreach_count=1,
    held_presentation_count=1,
    has_need=True,
    has_budget=True,
    has_timeline=True,
    has_decision_process=True,
    amount=Decimal("125000.00"),
    close_on=date(2026, 12, 18),
    sent_proposal_count=1,
    complete_sent_proposal_count=1,
    signed_contract_count=1,
    handoff_offered=True,
    handoff_accepted=True,
    satisfaction_answer_count=1,
    review_count=1,
)

# For each criterion, complete evidence with the one fact taken away.
WITHOUT: dict[str, Evidence] = {
    "owner_assigned": replace(COMPLETE, owner_id=None),
    "contact_linked": replace(COMPLETE, contact_count=0),
    "reachable_person": replace(COMPLETE, has_email_or_phone=False),
    "outreach_held": replace(COMPLETE, held_outreach_count=0),
    "need_recorded": replace(COMPLETE, has_need=False),
    "budget_recorded": replace(COMPLETE, has_budget=False),
    "timeline_recorded": replace(COMPLETE, has_timeline=False),
    "decision_process_recorded": replace(COMPLETE, has_decision_process=False),
    "account_linked": replace(COMPLETE, account_id=None),
    "deciding_contact": replace(COMPLETE, deciding_contact_count=0),
    "amount_set": replace(COMPLETE, amount=None),
    "close_date_set": replace(COMPLETE, close_on=None),
    "presentation_held": replace(COMPLETE, held_presentation_count=0),
    "no_open_objection": replace(COMPLETE, open_objection_count=1),
    "proposal_sent": replace(COMPLETE, complete_sent_proposal_count=0),
    "discount_within_limit": replace(COMPLETE, unapproved_discount_percent=Decimal(30)),
    "contract_signed": replace(COMPLETE, signed_contract_count=0),
    "amount_positive": replace(COMPLETE, amount=Decimal(0)),
    "handoff_accepted": replace(COMPLETE, handoff_accepted=False),
    "satisfaction_recorded": replace(COMPLETE, satisfaction_answer_count=0, satisfaction_attempt_count=1),
    "no_open_issue": replace(COMPLETE, open_issue_count=1),
    "review_filed": replace(COMPLETE, review_count=0),
}
