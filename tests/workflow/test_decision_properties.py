import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workflow.criteria import Evidence
from app.workflow.decision import (
    ExitCriteriaNotMet,
    Standing,
    TransitionInputs,
    TransitionNotAllowed,
    decide,
    options,
)
from app.workflow.pipeline import LEFT_STAGE, PipelineDefinition
from tests.workflow.definitions import LEAD, OPPORTUNITY
from tests.workflow.evidence import COMPLETE
from tests.workflow.moves import (
    DEAL_EVIDENCE,
    DEAL_MOVES_WITHOUT_EVIDENCE,
    EVERYTHING_SENT,
    LEAD_MOVES,
    all_moves,
    evidence,
    standings,
)

STAGES = sorted({stage.name for definition in (OPPORTUNITY, LEAD) for stage in definition.stages} | {LEFT_STAGE})


@given(standing=standings(OPPORTUNITY), to_stage=st.sampled_from(STAGES))
def test_a_deal_makes_no_move_outside_the_table(standing: Standing, to_stage: str) -> None:
    if (standing, to_stage) in {*DEAL_EVIDENCE, *DEAL_MOVES_WITHOUT_EVIDENCE}:
        assert decide(OPPORTUNITY, standing, to_stage, EVERYTHING_SENT, COMPLETE).target.name == to_stage
        return

    with pytest.raises(TransitionNotAllowed):
        decide(OPPORTUNITY, standing, to_stage, EVERYTHING_SENT, COMPLETE)


@given(standing=standings(LEAD), to_stage=st.sampled_from(STAGES))
def test_a_lead_makes_no_move_outside_the_table(standing: Standing, to_stage: str) -> None:
    if (standing, to_stage) in LEAD_MOVES:
        assert decide(LEAD, standing, to_stage, EVERYTHING_SENT, COMPLETE).target.name == to_stage
        return

    with pytest.raises(TransitionNotAllowed):
        decide(LEAD, standing, to_stage, EVERYTHING_SENT, COMPLETE)


@given(move=st.sampled_from(list(DEAL_EVIDENCE)), known=evidence())
def test_a_deal_moves_forward_exactly_when_the_evidence_is_there(move: tuple[Standing, str], known: Evidence) -> None:
    standing, to_stage = move

    if DEAL_EVIDENCE[move](known):
        assert not decide(OPPORTUNITY, standing, to_stage, TransitionInputs(), known).overridden
        return

    with pytest.raises(ExitCriteriaNotMet):
        decide(OPPORTUNITY, standing, to_stage, TransitionInputs(), known)


@given(move=st.sampled_from(list(DEAL_EVIDENCE)), known=evidence())
def test_an_override_is_recorded_exactly_when_evidence_is_missing(move: tuple[Standing, str], known: Evidence) -> None:
    decision = decide(OPPORTUNITY, *move, TransitionInputs(override_reason="Agreed by phone"), known)

    assert decision.overridden is not DEAL_EVIDENCE[move](known)


@given(move=st.sampled_from(DEAL_MOVES_WITHOUT_EVIDENCE), known=evidence())
def test_losing_going_back_and_reopening_look_at_no_evidence(move: tuple[Standing, str], known: Evidence) -> None:
    decision = decide(OPPORTUNITY, *move, EVERYTHING_SENT, known)

    assert not decision.overridden


@given(move=st.sampled_from(all_moves()), known=evidence())
def test_options_agree_with_decisions(move: tuple[PipelineDefinition, Standing, str], known: Evidence) -> None:
    definition, standing, to_stage = move
    (option,) = [option for option in options(definition, standing, known) if option.target.name == to_stage]

    try:
        decide(definition, standing, to_stage, EVERYTHING_SENT, known)
    except ExitCriteriaNotMet:
        assert not option.is_satisfied
    else:
        assert option.is_satisfied
