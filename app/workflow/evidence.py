"""What the criteria look at: facts recorded elsewhere, gathered before anything is decided."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything known of a lead or a deal that a criterion may ask for; the defaults know nothing.

    A recorded purchase counts as a signed contract. `unapproved_discount_percent` is the largest discount on a
    current proposal that nobody approved, None when there is none above the limit. Both percentages are 0–100.
    """

    owner_id: UUID | None = None
    account_id: UUID | None = None
    has_email_or_phone: bool = False
    contact_count: int = 0
    deciding_contact_count: int = 0
    held_outreach_count: int = 0
    held_presentation_count: int = 0
    has_need: bool = False
    has_budget: bool = False
    has_timeline: bool = False
    has_decision_process: bool = False
    amount: Decimal | None = None
    close_on: date | None = None
    open_objection_count: int = 0
    sent_proposal_count: int = 0
    complete_sent_proposal_count: int = 0
    unapproved_discount_percent: Decimal | None = None
    discount_limit_percent: Decimal = Decimal(0)
    signed_contract_count: int = 0
    handoff_offered: bool = False
    handoff_accepted: bool = False
    satisfaction_answer_count: int = 0
    satisfaction_attempt_count: int = 0
    open_issue_count: int = 0
    review_count: int = 0
