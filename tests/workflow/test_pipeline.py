import pytest
from pydantic import ValidationError

from app.workflow.pipeline import ForecastCategory, Outcome, PipelineDefinition, Step, Subject, UnknownStage
from tests.workflow.definitions import LEAD, OPPORTUNITY, summarize

OPEN_STAGES = ("prospecting", "qualification", "presentation", "negotiation", "closing")


def test_ships_the_table_of_the_standard_pipeline() -> None:
    table = [
        (stage.name, stage.probability, stage.forecast_category.value, stage.expected_days)
        for stage in OPPORTUNITY.stages
    ]

    assert table == [
        ("prospecting", 10, "omitted", 14),
        ("qualification", 20, "pipeline", 14),
        ("presentation", 40, "best_case", 14),
        ("negotiation", 60, "best_case", 21),
        ("closing", 80, "commit", 14),
        ("follow_up", 100, "closed", 30),
        ("analysis", 0, "closed", 14),
        ("completed", 0, "closed", 0),
    ]


def test_maps_the_standard_stages_to_their_steps() -> None:
    steps = [stage.step for stage in OPPORTUNITY.stages]

    assert steps == [*Step, Step.ANALYSIS]


def test_a_lead_lives_in_the_first_two_steps() -> None:
    assert {stage.step for stage in LEAD.stages} == {Step.PROSPECTING, Step.QUALIFICATION}


def test_only_the_ends_are_terminal() -> None:
    terminal = [stage.name for definition in (OPPORTUNITY, LEAD) for stage in definition.stages if stage.terminal]

    assert terminal == ["completed", "disqualified", "converted"]


@pytest.mark.parametrize("definition", [OPPORTUNITY, LEAD], ids=lambda definition: definition.subject.value)
def test_starts_at_prospecting(definition: PipelineDefinition) -> None:
    assert definition.first_stage.name == "prospecting"


def test_finds_a_stage_by_name() -> None:
    assert OPPORTUNITY.stage("closing").forecast_category is ForecastCategory.COMMIT


def test_refuses_an_unknown_stage() -> None:
    with pytest.raises(UnknownStage, match="'signing'"):
        OPPORTUNITY.edges_from("signing", Outcome.OPEN)


@pytest.mark.parametrize(
    ("stage", "edges"),
    [
        ("prospecting", {("forward", "qualification"), ("lost", "analysis")}),
        ("qualification", {("forward", "presentation"), ("lost", "analysis"), ("back", "prospecting")}),
        ("presentation", {("forward", "negotiation"), ("lost", "analysis"), ("back", "qualification")}),
        ("negotiation", {("forward", "closing"), ("lost", "analysis"), ("back", "presentation")}),
        ("closing", {("won", "follow_up"), ("lost", "analysis"), ("back", "negotiation")}),
    ],
)
def test_an_open_deal_moves_one_step_or_is_lost(stage: str, edges: set[tuple[str, str]]) -> None:
    assert {summarize(edge) for edge in OPPORTUNITY.edges_from(stage, Outcome.OPEN)} == edges


@pytest.mark.parametrize(
    ("stage", "edges"),
    [
        ("follow_up", {("forward", "analysis")}),
        ("analysis", {("complete", "completed"), ("back", "follow_up")}),
        ("completed", set()),
    ],
)
def test_a_won_deal_is_followed_up_analysed_and_completed(stage: str, edges: set[tuple[str, str]]) -> None:
    assert {summarize(edge) for edge in OPPORTUNITY.edges_from(stage, Outcome.WON)} == edges


@pytest.mark.parametrize("left_stage", OPEN_STAGES)
def test_a_lost_deal_is_completed_or_reopened_to_the_stage_it_left(left_stage: str) -> None:
    edges = {summarize(edge) for edge in OPPORTUNITY.edges_from("analysis", Outcome.LOST, left_stage)}

    assert edges == {("complete", "completed"), ("reopen", left_stage)}


@pytest.mark.parametrize("left_stage", OPEN_STAGES)
def test_a_completed_lost_deal_can_still_be_reopened(left_stage: str) -> None:
    edges = {summarize(edge) for edge in OPPORTUNITY.edges_from("completed", Outcome.LOST, left_stage)}

    assert edges == {("reopen", left_stage)}


@pytest.mark.parametrize("left_stage", [None, "signing", "follow_up", "completed", "$left_stage"])
def test_a_deal_is_not_reopened_to_a_stage_it_cannot_have_left(left_stage: str | None) -> None:
    assert OPPORTUNITY.edges_from("completed", Outcome.LOST, left_stage) == ()


@pytest.mark.parametrize(
    ("stage", "outcome", "edges"),
    [
        ("prospecting", Outcome.OPEN, {("forward", "qualification"), ("disqualify", "disqualified")}),
        (
            "qualification",
            Outcome.OPEN,
            {("convert", "converted"), ("back", "prospecting"), ("disqualify", "disqualified")},
        ),
        ("disqualified", Outcome.DISQUALIFIED, {("recycle", "prospecting")}),
        ("converted", Outcome.CONVERTED, set()),
    ],
)
def test_a_lead_is_converted_or_disqualified(stage: str, outcome: Outcome, edges: set[tuple[str, str]]) -> None:
    assert {summarize(edge) for edge in LEAD.edges_from(stage, outcome)} == edges


@pytest.mark.parametrize("definition", [OPPORTUNITY, LEAD], ids=lambda definition: definition.subject.value)
def test_survives_being_stored_as_json(definition: PipelineDefinition) -> None:
    assert PipelineDefinition.model_validate_json(definition.model_dump_json()) == definition


def test_a_definition_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        OPPORTUNITY.subject = Subject.LEAD  # type: ignore[misc]  # what is refused here
