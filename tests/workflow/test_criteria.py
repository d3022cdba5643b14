from dataclasses import replace
from decimal import Decimal

import pytest

from app.workflow.criteria import CRITERIA, Evidence, judge
from app.workflow.stages import Subject
from tests.workflow.evidence import COMPLETE, WITHOUT

ACTIONS = {
    "opportunities.write",
    "leads.write",
    "activities.write",
    "objections.write",
    "proposals.write",
    "discounts.approve",
    "contracts.write",
    "handoffs.write",
    "satisfaction.write",
    "issues.write",
    "reviews.write",
}


def test_every_criterion_has_a_case() -> None:
    assert set(WITHOUT) == set(CRITERIA)


@pytest.mark.parametrize("criterion_id", WITHOUT)
def test_is_satisfied_by_complete_evidence(criterion_id: str) -> None:
    (result,) = judge([criterion_id], COMPLETE)

    assert result.satisfied


@pytest.mark.parametrize("criterion_id", WITHOUT)
def test_is_unsatisfied_when_its_fact_is_missing(criterion_id: str) -> None:
    (result,) = judge([criterion_id], WITHOUT[criterion_id])

    assert not result.satisfied


@pytest.mark.parametrize("criterion_id", WITHOUT)
def test_says_something_else_when_its_fact_is_missing(criterion_id: str) -> None:
    met, unmet = judge([criterion_id], COMPLETE)[0], judge([criterion_id], WITHOUT[criterion_id])[0]

    assert met.actual != unmet.actual


@pytest.mark.parametrize("missing", WITHOUT)
def test_a_missing_fact_leaves_unrelated_criteria_satisfied(missing: str) -> None:
    shared = {"amount_set": {"amount_positive"}}  # no amount is not a positive amount either

    unmet = {result.id for result in judge(CRITERIA, WITHOUT[missing]) if not result.satisfied}

    assert unmet == {missing} | shared.get(missing, set())


def test_knowing_nothing_satisfies_only_the_absence_of_trouble() -> None:
    satisfied = {result.id for result in judge(CRITERIA, Evidence()) if result.satisfied}

    assert satisfied == {"no_open_objection", "discount_within_limit", "no_open_issue"}


@pytest.mark.parametrize(
    ("answers", "attempts", "satisfied"), [(0, 0, False), (0, 1, False), (0, 2, True), (1, 0, True)]
)
def test_satisfaction_needs_an_answer_or_two_attempts(answers: int, attempts: int, *, satisfied: bool) -> None:
    evidence = Evidence(satisfaction_answer_count=answers, satisfaction_attempt_count=attempts)

    (result,) = judge(["satisfaction_recorded"], evidence)

    assert result.satisfied is satisfied


@pytest.mark.parametrize(("percent", "satisfied"), [("14.99", True), ("15", True), ("15.01", False)])
def test_a_discount_up_to_the_limit_needs_no_approval(percent: str, *, satisfied: bool) -> None:
    evidence = Evidence(unapproved_discount_percent=Decimal(percent), discount_limit_percent=Decimal(15))

    (result,) = judge(["discount_within_limit"], evidence)

    assert result.satisfied is satisfied


def test_a_discount_says_how_far_it_is_from_the_limit() -> None:
    evidence = Evidence(unapproved_discount_percent=Decimal(22), discount_limit_percent=Decimal(15))

    (result,) = judge(["discount_within_limit"], evidence)

    assert result.actual == "22 % not approved, the limit is 15 %"


@pytest.mark.parametrize("amount", [None, Decimal(0), Decimal("-0.01")])
def test_only_an_amount_above_zero_is_positive(amount: Decimal | None) -> None:
    (result,) = judge(["amount_positive"], Evidence(amount=amount))

    assert not result.satisfied


def test_an_amount_of_zero_is_an_amount() -> None:
    (result,) = judge(["amount_set"], Evidence(amount=Decimal(0)))

    assert result.satisfied


def test_tells_a_proposal_without_terms_from_no_proposal() -> None:
    incomplete = replace(COMPLETE, sent_proposal_count=2, complete_sent_proposal_count=0)

    actual = [judge(["proposal_sent"], evidence)[0].actual for evidence in (Evidence(), incomplete, COMPLETE)]

    assert actual == ["no proposal sent", "2 proposals sent, none complete", "1 complete proposal sent"]


def test_tells_an_offered_handoff_from_none() -> None:
    stages = (Evidence(), Evidence(handoff_offered=True), COMPLETE)

    actual = [judge(["handoff_accepted"], evidence)[0].actual for evidence in stages]

    assert actual == ["no hand-off offered", "offered, not accepted", "accepted"]


def test_counts_what_is_left_to_resolve() -> None:
    (result,) = judge(["no_open_objection"], Evidence(open_objection_count=3))

    assert result.actual == "3 open objections"


def test_keeps_the_order_asked_for() -> None:
    results = judge(["review_filed", "owner_assigned"], COMPLETE)

    assert [result.id for result in results] == ["review_filed", "owner_assigned"]


def test_points_a_lead_at_its_own_endpoint() -> None:
    (result,) = judge(["need_recorded"], Evidence(), Subject.LEAD)

    assert (result.action, result.method, result.path) == ("leads.write", "PUT", "/v1/leads/{id}/qualification")


def test_points_a_deal_at_its_own_endpoint() -> None:
    (result,) = judge(["need_recorded"], Evidence())

    assert (result.action, result.method, result.path) == (
        "opportunities.write",
        "PUT",
        "/v1/opportunities/{id}/qualification",
    )


@pytest.mark.parametrize("subject", Subject)
def test_every_criterion_says_who_can_fix_it_and_how(subject: Subject) -> None:
    results = judge(CRITERIA, Evidence(), subject)

    assert {result.action for result in results} <= ACTIONS
    assert all(result.path.startswith("/v1/") and result.method in {"POST", "PUT", "PATCH"} for result in results)


def test_refuses_an_unknown_criterion() -> None:
    with pytest.raises(KeyError, match="gut_feeling"):
        judge(["gut_feeling"], COMPLETE)
