import pytest

from app.workflow.criteria import Evidence
from app.workflow.decision import ExitCriteriaNotMet, Standing, TransitionInputs, decide, decide_conversion
from app.workflow.pipeline import Outcome
from tests.workflow.definitions import LEAD, OPPORTUNITY
from tests.workflow.evidence import COMPLETE, WITHOUT
from tests.workflow.moves import OPEN_STAGES, demanded


def test_prospecting_demands_an_owner_a_contact_and_held_outreach() -> None:
    assert demanded(Standing("prospecting", Outcome.OPEN), "qualification") == {
        "owner_assigned",
        "contact_linked",
        "outreach_held",
    }


def test_qualification_demands_bant_account_deciding_contact_amount_and_close_date() -> None:
    assert demanded(Standing("qualification", Outcome.OPEN), "presentation") == {
        "need_recorded",
        "budget_recorded",
        "timeline_recorded",
        "decision_process_recorded",
        "account_linked",
        "deciding_contact",
        "amount_set",
        "close_date_set",
    }


def test_presentation_demands_a_held_presentation_and_no_open_objection() -> None:
    assert demanded(Standing("presentation", Outcome.OPEN), "negotiation") == {
        "presentation_held",
        "no_open_objection",
    }


def test_negotiation_demands_a_sent_proposal_and_a_settled_discount() -> None:
    assert demanded(Standing("negotiation", Outcome.OPEN), "closing") == {"proposal_sent", "discount_within_limit"}


def test_winning_demands_a_signed_contract_a_positive_amount_and_a_close_date() -> None:
    assert demanded(Standing("closing", Outcome.OPEN), "follow_up") == {
        "contract_signed",
        "amount_positive",
        "close_date_set",
    }


def test_follow_up_demands_an_accepted_handoff_satisfaction_and_no_open_issue() -> None:
    assert demanded(Standing("follow_up", Outcome.WON), "analysis") == {
        "handoff_accepted",
        "satisfaction_recorded",
        "no_open_issue",
    }


@pytest.mark.parametrize("outcome", [Outcome.WON, Outcome.LOST])
def test_analysis_demands_a_filed_review(outcome: Outcome) -> None:
    assert demanded(Standing("analysis", outcome), "completed") == {"review_filed"}


@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_losing_demands_no_evidence(stage: str) -> None:
    assert demanded(Standing(stage, Outcome.OPEN), "analysis") == set()


def test_a_lead_demands_an_owner_a_reachable_person_and_held_outreach() -> None:
    assert demanded(Standing("prospecting", Outcome.OPEN), "qualification", LEAD) == {
        "owner_assigned",
        "reachable_person",
        "outreach_held",
    }


@pytest.mark.parametrize("fact", ["need_recorded", "budget_recorded", "timeline_recorded", "decision_process_recorded"])
def test_conversion_demands_bant(fact: str) -> None:
    with pytest.raises(ExitCriteriaNotMet, match=f"^not met: {fact}$"):
        decide_conversion(LEAD, Standing("qualification", Outcome.OPEN), WITHOUT[fact])


def test_a_refusal_lists_met_and_unmet_criteria() -> None:
    standing = Standing("prospecting", Outcome.OPEN)

    with pytest.raises(ExitCriteriaNotMet) as refusal:
        decide(OPPORTUNITY, standing, "qualification", TransitionInputs(), WITHOUT["contact_linked"])

    assert {result.id: result.satisfied for result in refusal.value.results} == {
        "owner_assigned": True,
        "contact_linked": False,
        "outreach_held": True,
    }


def test_a_refusal_of_a_lead_points_at_the_lead() -> None:
    with pytest.raises(ExitCriteriaNotMet) as refusal:
        decide(LEAD, Standing("prospecting", Outcome.OPEN), "qualification", TransitionInputs(), Evidence())

    assert refusal.value.results[0].path == "/v1/leads/{id}"


def test_all_evidence_moves_a_deal_without_an_override() -> None:
    standing = Standing("prospecting", Outcome.OPEN)

    decision = decide(OPPORTUNITY, standing, "qualification", TransitionInputs(), COMPLETE)

    assert (decision.target.name, decision.overridden) == ("qualification", False)
