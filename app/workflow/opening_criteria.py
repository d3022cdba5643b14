"""The criteria of prospecting and qualification, for leads and deals."""

from app.workflow.criterion import Criterion, How, say_count, say_recorded

_DEAL = How("opportunities.write", "PATCH", "/v1/opportunities/{id}")
_LEAD = How("leads.write", "PATCH", "/v1/leads/{id}")
_DEAL_QUALIFICATION = How("opportunities.write", "PUT", "/v1/opportunities/{id}/qualification")
_LEAD_QUALIFICATION = How("leads.write", "PUT", "/v1/leads/{id}/qualification")
_CONTACT_ROLES = How("opportunities.write", "POST", "/v1/opportunities/{id}/contact-roles")
_ACTIVITIES = How("activities.write", "POST", "/v1/activities")

PROSPECTING_CRITERIA = (
    Criterion(
        id="owner_assigned",
        description="Somebody owns it",
        expected="an owner",
        check=lambda evidence: evidence.owner_id is not None,
        actual=lambda evidence: f"owned by {evidence.owner_id}" if evidence.owner_id else "no owner",
        how=_DEAL,
        lead_how=_LEAD,
    ),
    Criterion(
        id="contact_linked",
        description="A contact is linked",
        expected="at least 1 contact",
        check=lambda evidence: evidence.contact_count > 0,
        actual=lambda evidence: say_count(evidence.contact_count, "contact"),
        how=_CONTACT_ROLES,
    ),
    Criterion(
        id="reachable_person",
        description="The person can be reached",
        expected="an e-mail address or a phone number",
        check=lambda evidence: evidence.has_email_or_phone,
        actual=lambda evidence: say_recorded(evidence.has_email_or_phone),
        how=_DEAL,
        lead_how=_LEAD,
    ),
    Criterion(
        id="outreach_held",
        description="An outreach activity was held: call, email, meeting, networking or social",
        expected="at least 1 outreach activity held",
        check=lambda evidence: evidence.held_outreach_count > 0,
        actual=lambda evidence: f"{evidence.held_outreach_count or 'none'} held",
        how=_ACTIVITIES,
    ),
)

QUALIFICATION_CRITERIA = (
    Criterion(
        id="need_recorded",
        description="The need is recorded",
        expected="recorded",
        check=lambda evidence: evidence.has_need,
        actual=lambda evidence: say_recorded(evidence.has_need),
        how=_DEAL_QUALIFICATION,
        lead_how=_LEAD_QUALIFICATION,
    ),
    Criterion(
        id="budget_recorded",
        description="The budget is recorded",
        expected="recorded",
        check=lambda evidence: evidence.has_budget,
        actual=lambda evidence: say_recorded(evidence.has_budget),
        how=_DEAL_QUALIFICATION,
        lead_how=_LEAD_QUALIFICATION,
    ),
    Criterion(
        id="timeline_recorded",
        description="The timeline is recorded",
        expected="recorded",
        check=lambda evidence: evidence.has_timeline,
        actual=lambda evidence: say_recorded(evidence.has_timeline),
        how=_DEAL_QUALIFICATION,
        lead_how=_LEAD_QUALIFICATION,
    ),
    Criterion(
        id="decision_process_recorded",
        description="The decision process is recorded",
        expected="recorded",
        check=lambda evidence: evidence.has_decision_process,
        actual=lambda evidence: say_recorded(evidence.has_decision_process),
        how=_DEAL_QUALIFICATION,
        lead_how=_LEAD_QUALIFICATION,
    ),
    Criterion(
        id="account_linked",
        description="The deal belongs to an account",
        expected="an account",
        check=lambda evidence: evidence.account_id is not None,
        actual=lambda evidence: "linked" if evidence.account_id else "no account",
        how=_DEAL,
    ),
    Criterion(
        id="deciding_contact",
        description="A contact has a deciding role",
        expected="at least 1 deciding contact",
        check=lambda evidence: evidence.deciding_contact_count > 0,
        actual=lambda evidence: say_count(evidence.deciding_contact_count, "deciding contact"),
        how=_CONTACT_ROLES,
    ),
    Criterion(
        id="amount_set",
        description="The amount is set",
        expected="an amount",
        check=lambda evidence: evidence.amount is not None,
        actual=lambda evidence: "no amount" if evidence.amount is None else f"{evidence.amount:f}",
        how=_DEAL,
    ),
    Criterion(
        id="close_date_set",
        description="The close date is set",
        expected="a close date",
        check=lambda evidence: evidence.close_on is not None,
        actual=lambda evidence: evidence.close_on.isoformat() if evidence.close_on else "no close date",
        how=_DEAL,
    ),
)
