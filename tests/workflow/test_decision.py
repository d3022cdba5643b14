import pytest

from app.workflow.criteria import Evidence
from app.workflow.decision import (
    Decision,
    ExitCriteriaNotMet,
    InputRequired,
    LossReason,
    Standing,
    TransitionInputs,
    TransitionNotAllowed,
    decide,
    decide_conversion,
    options,
)
from app.workflow.pipeline import Outcome, TransitionKind, UnknownStage
from tests.workflow.definitions import LEAD, OPPORTUNITY, edit_edge
from tests.workflow.evidence import COMPLETE
from tests.workflow.moves import EVERYTHING_SENT, OPEN_STAGES

NOTHING_SENT = TransitionInputs()
AT_CLOSING = Standing("closing", Outcome.OPEN)
OVERRIDE = TransitionInputs(override_reason="The board signed off by phone")


def test_a_signed_deal_is_won() -> None:
    decision = decide(OPPORTUNITY, AT_CLOSING, "follow_up", NOTHING_SENT, COMPLETE)

    assert decision.edge.kind is TransitionKind.WON
    assert decision.standing == Standing("follow_up", Outcome.WON)


@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_a_deal_can_be_lost_from_any_open_stage(stage: str) -> None:
    inputs = TransitionInputs(loss_reason=LossReason.PRICE)

    decision = decide(OPPORTUNITY, Standing(stage, Outcome.OPEN), "analysis", inputs, Evidence())

    assert decision.edge.kind is TransitionKind.LOST
    assert decision.standing == Standing("analysis", Outcome.LOST, left_stage=stage)


def test_losing_demands_a_loss_reason() -> None:
    with pytest.raises(InputRequired) as refusal:
        decide(OPPORTUNITY, AT_CLOSING, "analysis", TransitionInputs(reason="They went quiet"), COMPLETE)

    assert refusal.value.names == ("loss_reason",)


@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_the_loss_reason_other_demands_a_note(reason: str | None) -> None:
    inputs = TransitionInputs(reason=reason, loss_reason=LossReason.OTHER)

    with pytest.raises(InputRequired) as refusal:
        decide(OPPORTUNITY, AT_CLOSING, "analysis", inputs, COMPLETE)

    assert refusal.value.names == ("reason",)


def test_the_loss_reason_other_is_enough_with_a_note() -> None:
    inputs = TransitionInputs(reason="The buyer was acquired", loss_reason=LossReason.OTHER)

    decision = decide(OPPORTUNITY, AT_CLOSING, "analysis", inputs, Evidence())

    assert decision.standing.outcome is Outcome.LOST


@pytest.mark.parametrize("loss_reason", [reason for reason in LossReason if reason is not LossReason.OTHER])
def test_any_other_loss_reason_speaks_for_itself(loss_reason: LossReason) -> None:
    decision = decide(OPPORTUNITY, AT_CLOSING, "analysis", TransitionInputs(loss_reason=loss_reason), Evidence())

    assert decision.standing.outcome is Outcome.LOST


@pytest.mark.parametrize(
    ("standing", "to_stage"),
    [
        (AT_CLOSING, "negotiation"),
        (Standing("analysis", Outcome.WON), "follow_up"),
        (Standing("analysis", Outcome.LOST, "closing"), "closing"),
        (Standing("completed", Outcome.LOST, "closing"), "closing"),
    ],
)
@pytest.mark.parametrize("reason", [None, "  "])
def test_going_back_or_reopening_demands_a_reason(standing: Standing, to_stage: str, reason: str | None) -> None:
    inputs = TransitionInputs(reason=reason, override_reason="An override is no reason")

    with pytest.raises(InputRequired) as refusal:
        decide(OPPORTUNITY, standing, to_stage, inputs, COMPLETE)

    assert refusal.value.names == ("reason",)


def test_going_back_needs_no_evidence_and_keeps_the_outcome() -> None:
    decision = decide(OPPORTUNITY, AT_CLOSING, "negotiation", EVERYTHING_SENT, Evidence())

    assert decision.standing == Standing("negotiation", Outcome.OPEN)


@pytest.mark.parametrize("stage", ["analysis", "completed"])
@pytest.mark.parametrize("left_stage", OPEN_STAGES)
def test_reopening_leads_to_the_stage_the_deal_left(stage: str, left_stage: str) -> None:
    standing = Standing(stage, Outcome.LOST, left_stage)

    decision = decide(OPPORTUNITY, standing, left_stage, EVERYTHING_SENT, Evidence())

    assert decision.edge.kind is TransitionKind.REOPEN
    assert decision.standing == Standing(left_stage, Outcome.OPEN)


def test_reopening_does_not_lead_to_another_stage() -> None:
    standing = Standing("analysis", Outcome.LOST, "presentation")

    with pytest.raises(TransitionNotAllowed):
        decide(OPPORTUNITY, standing, "negotiation", EVERYTHING_SENT, COMPLETE)


def test_a_completed_lost_deal_remembers_the_stage_it_left() -> None:
    standing = Standing("analysis", Outcome.LOST, "presentation")

    decision = decide(OPPORTUNITY, standing, "completed", NOTHING_SENT, COMPLETE)

    assert decision.standing == Standing("completed", Outcome.LOST, "presentation")


def test_a_won_deal_cannot_be_reopened() -> None:
    with pytest.raises(TransitionNotAllowed):
        decide(OPPORTUNITY, Standing("analysis", Outcome.WON), "closing", EVERYTHING_SENT, COMPLETE)


def test_skipping_is_not_an_edge_even_with_an_override() -> None:
    with pytest.raises(TransitionNotAllowed, match="from here: presentation, analysis, prospecting") as refusal:
        decide(OPPORTUNITY, Standing("qualification", Outcome.OPEN), "closing", OVERRIDE, COMPLETE)

    assert [edge.to_stage for edge in refusal.value.edges] == ["presentation", "analysis", "prospecting"]


@pytest.mark.parametrize("to_stage", ["closing", "signing", "$left_stage", ""])
def test_refuses_to_stay_or_to_go_nowhere(to_stage: str) -> None:
    with pytest.raises(TransitionNotAllowed):
        decide(OPPORTUNITY, AT_CLOSING, to_stage, EVERYTHING_SENT, COMPLETE)


def test_refuses_a_standing_outside_the_pipeline() -> None:
    with pytest.raises(UnknownStage):
        decide(OPPORTUNITY, Standing("signing", Outcome.OPEN), "closing", EVERYTHING_SENT, COMPLETE)


@pytest.mark.parametrize(
    ("standing", "to_stage"),
    [
        (Standing("prospecting", Outcome.OPEN), "qualification"),
        (Standing("qualification", Outcome.OPEN), "presentation"),
        (Standing("presentation", Outcome.OPEN), "negotiation"),
        (Standing("negotiation", Outcome.OPEN), "closing"),
        (AT_CLOSING, "follow_up"),
        (Standing("follow_up", Outcome.WON), "analysis"),
        (Standing("analysis", Outcome.WON), "completed"),
    ],
)
def test_unmet_criteria_can_be_overridden_with_a_reason(standing: Standing, to_stage: str) -> None:
    missing_nearly_all = Evidence(open_objection_count=1, open_issue_count=1)

    decision = decide(OPPORTUNITY, standing, to_stage, OVERRIDE, missing_nearly_all)

    assert decision.overridden
    assert not all(result.satisfied for result in decision.criteria)


def test_unmet_criteria_of_a_lead_can_be_overridden_with_a_reason() -> None:
    decision = decide(LEAD, Standing("prospecting", Outcome.OPEN), "qualification", OVERRIDE, Evidence())

    assert decision.overridden


def test_an_edge_that_may_not_be_overridden_is_not() -> None:
    strict = edit_edge("closing", "follow_up", may_override=False)

    with pytest.raises(ExitCriteriaNotMet):
        decide(strict, AT_CLOSING, "follow_up", OVERRIDE, Evidence())


@pytest.mark.parametrize("override_reason", [None, "", "\t "])
def test_an_override_demands_a_reason(override_reason: str | None) -> None:
    inputs = TransitionInputs(reason="No override", override_reason=override_reason)

    with pytest.raises(ExitCriteriaNotMet):
        decide(OPPORTUNITY, AT_CLOSING, "follow_up", inputs, Evidence())


def test_an_override_that_was_not_needed_is_not_counted() -> None:
    decision = decide(OPPORTUNITY, AT_CLOSING, "follow_up", OVERRIDE, COMPLETE)

    assert not decision.overridden


def test_an_override_does_not_stand_in_for_an_input() -> None:
    with pytest.raises(InputRequired, match="loss_reason"):
        decide(OPPORTUNITY, AT_CLOSING, "analysis", OVERRIDE, COMPLETE)


@pytest.mark.parametrize("stage", ["prospecting", "qualification"])
def test_a_lead_is_disqualified_with_a_reason(stage: str) -> None:
    standing = Standing(stage, Outcome.OPEN)

    decision = decide(LEAD, standing, "disqualified", TransitionInputs(reason="A student"), Evidence())

    assert decision.standing == Standing("disqualified", Outcome.DISQUALIFIED)


@pytest.mark.parametrize(
    ("standing", "to_stage"),
    [
        (Standing("prospecting", Outcome.OPEN), "disqualified"),
        (Standing("qualification", Outcome.OPEN), "disqualified"),
        (Standing("qualification", Outcome.OPEN), "prospecting"),
        (Standing("disqualified", Outcome.DISQUALIFIED), "prospecting"),
    ],
)
def test_a_lead_is_not_moved_aside_without_a_reason(standing: Standing, to_stage: str) -> None:
    with pytest.raises(InputRequired, match="reason"):
        decide(LEAD, standing, to_stage, NOTHING_SENT, COMPLETE)


def test_a_disqualified_lead_can_be_recycled() -> None:
    standing = Standing("disqualified", Outcome.DISQUALIFIED)

    decision = decide(LEAD, standing, "prospecting", TransitionInputs(reason="New budget year"), Evidence())

    assert decision.standing == Standing("prospecting", Outcome.OPEN)


def test_a_transition_does_not_convert_a_lead() -> None:
    with pytest.raises(TransitionNotAllowed) as refusal:
        decide(LEAD, Standing("qualification", Outcome.OPEN), "converted", OVERRIDE, COMPLETE)

    assert {edge.to_stage for edge in refusal.value.edges} == {"prospecting", "disqualified"}


def test_a_qualified_lead_is_converted() -> None:
    decision = decide_conversion(LEAD, Standing("qualification", Outcome.OPEN), COMPLETE)

    assert decision.standing == Standing("converted", Outcome.CONVERTED)
    assert not decision.overridden


@pytest.mark.parametrize(
    "standing",
    [
        Standing("prospecting", Outcome.OPEN),
        Standing("disqualified", Outcome.DISQUALIFIED),
        Standing("converted", Outcome.CONVERTED),
    ],
)
def test_only_a_lead_in_qualification_is_converted(standing: Standing) -> None:
    with pytest.raises(TransitionNotAllowed):
        decide_conversion(LEAD, standing, COMPLETE)


def test_options_list_every_edge_with_what_stands_in_its_way() -> None:
    listed = options(OPPORTUNITY, AT_CLOSING, Evidence())

    assert {option.target.name: (option.is_satisfied, option.required) for option in listed} == {
        "follow_up": (False, ()),
        "analysis": (True, ("loss_reason",)),
        "negotiation": (True, ("reason",)),
    }


def test_options_of_a_lead_show_its_conversion() -> None:
    listed = options(LEAD, Standing("qualification", Outcome.OPEN), COMPLETE)

    (conversion,) = [option for option in listed if option.edge.only_by == "conversion"]

    assert conversion.is_satisfied
    assert {result.path for result in conversion.criteria} == {"/v1/leads/{id}/qualification"}


def test_options_offer_the_stage_a_lost_deal_left() -> None:
    listed = options(OPPORTUNITY, Standing("completed", Outcome.LOST, "negotiation"), Evidence())

    assert [option.target.name for option in listed] == ["negotiation"]


def test_a_deal_walks_from_prospecting_to_completed() -> None:
    standing = Standing(OPPORTUNITY.first_stage.name, Outcome.OPEN)
    walked: list[Decision] = []

    for stage in OPPORTUNITY.stages[1:]:
        walked.append(decide(OPPORTUNITY, standing, stage.name, NOTHING_SENT, COMPLETE))
        standing = walked[-1].standing

    assert standing == Standing("completed", Outcome.WON)
    assert [decision.edge.kind.value for decision in walked] == ["forward"] * 4 + ["won", "forward", "complete"]
