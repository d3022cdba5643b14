"""The criteria from the presentation of a deal to its end."""

from app.workflow.criterion import Criterion, How, say_count
from app.workflow.evidence import Evidence

# Two attempts without an answer count as having asked.
_ENOUGH_ATTEMPTS = 2


def _say_proposals(evidence: Evidence) -> str:
    if evidence.complete_sent_proposal_count:
        return f"{say_count(evidence.complete_sent_proposal_count, 'complete proposal')} sent"
    if evidence.sent_proposal_count:
        return f"{say_count(evidence.sent_proposal_count, 'proposal')} sent, none complete"
    return "no proposal sent"


def _is_discount_settled(evidence: Evidence) -> bool:
    percent = evidence.unapproved_discount_percent
    return percent is None or percent <= evidence.discount_limit_percent


def _say_discount(evidence: Evidence) -> str:
    if evidence.unapproved_discount_percent is None:
        return "no discount waits for approval"
    limit = f"the limit is {evidence.discount_limit_percent:f} %"
    return f"{evidence.unapproved_discount_percent:f} % not approved, {limit}"


def _say_handoff(evidence: Evidence) -> str:
    if evidence.handoff_accepted:
        return "accepted"
    return "offered, not accepted" if evidence.handoff_offered else "no hand-off offered"


def _has_asked_for_satisfaction(evidence: Evidence) -> bool:
    return evidence.satisfaction_answer_count > 0 or evidence.satisfaction_attempt_count >= _ENOUGH_ATTEMPTS


def _say_satisfaction(evidence: Evidence) -> str:
    answers = say_count(evidence.satisfaction_answer_count, "answer")
    return f"{answers}, {say_count(evidence.satisfaction_attempt_count, 'attempt')}"


SELLING_CRITERIA = (
    Criterion(
        id="presentation_held",
        description="A presentation or demonstration was held",
        expected="at least 1 presentation or demonstration held",
        check=lambda evidence: evidence.held_presentation_count > 0,
        actual=lambda evidence: f"{evidence.held_presentation_count or 'none'} held",
        how=How("activities.write", "POST", "/v1/activities"),
    ),
    Criterion(
        id="no_open_objection",
        description="No objection is left open",
        expected="no open objection",
        check=lambda evidence: evidence.open_objection_count == 0,
        actual=lambda evidence: say_count(evidence.open_objection_count, "open objection"),
        how=How("objections.write", "POST", "/v1/objections/{objection_id}/resolution"),
    ),
    Criterion(
        id="proposal_sent",
        description="A proposal with pricing, terms and delivery timeline was sent",
        expected="at least 1 complete proposal sent",
        check=lambda evidence: evidence.complete_sent_proposal_count > 0,
        actual=_say_proposals,
        how=How("proposals.write", "POST", "/v1/proposals/{proposal_id}/sending"),
    ),
    Criterion(
        id="discount_within_limit",
        description="The discount is within the limit or approved",
        expected="no unapproved discount above the limit",
        check=_is_discount_settled,
        actual=_say_discount,
        how=How("discounts.approve", "POST", "/v1/proposals/{proposal_id}/discount-approval"),
    ),
    Criterion(
        id="contract_signed",
        description="A contract is signed or a purchase recorded",
        expected="at least 1 signed contract or recorded purchase",
        check=lambda evidence: evidence.signed_contract_count > 0,
        actual=lambda evidence: f"{evidence.signed_contract_count or 'none'} signed or recorded",
        how=How("contracts.write", "POST", "/v1/contracts/{contract_id}/signature"),
    ),
    Criterion(
        id="amount_positive",
        description="The amount is greater than zero",
        expected="an amount above 0",
        check=lambda evidence: evidence.amount is not None and evidence.amount > 0,
        actual=lambda evidence: "no amount" if evidence.amount is None else f"{evidence.amount:f}",
        how=How("opportunities.write", "PATCH", "/v1/opportunities/{id}"),
    ),
)

FOLLOW_UP_CRITERIA = (
    Criterion(
        id="handoff_accepted",
        description="An account manager accepted the account",
        expected="an accepted hand-off",
        check=lambda evidence: evidence.handoff_accepted,
        actual=_say_handoff,
        how=How("handoffs.write", "POST", "/v1/handoffs/{handoff_id}/acceptance"),
    ),
    Criterion(
        id="satisfaction_recorded",
        description="The customer answered how satisfied they are, or was asked twice",
        expected=f"at least 1 answer, or {_ENOUGH_ATTEMPTS} attempts",
        check=_has_asked_for_satisfaction,
        actual=_say_satisfaction,
        how=How("satisfaction.write", "POST", "/v1/satisfaction-surveys"),
    ),
    Criterion(
        id="no_open_issue",
        description="No customer issue is open",
        expected="no open issue",
        check=lambda evidence: evidence.open_issue_count == 0,
        actual=lambda evidence: say_count(evidence.open_issue_count, "open issue"),
        how=How("issues.write", "POST", "/v1/issues/{issue_id}/resolution"),
    ),
    Criterion(
        id="review_filed",
        description="The win/loss review is filed: reasons, competitor if any, lesson",
        expected="at least 1 review",
        check=lambda evidence: evidence.review_count > 0,
        actual=lambda evidence: say_count(evidence.review_count, "review"),
        how=How("reviews.write", "POST", "/v1/reviews"),
    ),
)
