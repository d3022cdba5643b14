import pytest

from app.workflow.pipeline import Subject
from tests.workflow.definitions import (
    JsonObject,
    add_edge,
    build_definition,
    edit_edge,
    edit_stage,
    find_edge,
    remove_edge,
)


def test_refuses_an_unknown_step() -> None:
    with pytest.raises(ValueError, match=r"stages\.1\.step\n.*'signing'"):
        edit_stage(1, step="signing")


@pytest.mark.parametrize("probability", [-1, 101, 12.5])
def test_refuses_a_probability_out_of_range(probability: float) -> None:
    with pytest.raises(ValueError, match=r"stages\.1\.probability"):
        edit_stage(1, probability=probability)


def test_refuses_an_unknown_field() -> None:
    with pytest.raises(ValueError, match=r"stages\.1\.colour\n.*Extra inputs"):
        edit_stage(1, colour="red")


def test_refuses_a_stage_named_like_the_reopening_target() -> None:
    with pytest.raises(ValueError, match=r"stages\.1\.name"):
        edit_stage(1, name="$left_stage")


def test_refuses_a_pipeline_without_a_first_stage() -> None:
    with pytest.raises(ValueError, match="there is no first stage"):
        build_definition(lambda stages, _: stages.clear())


def test_refuses_a_first_stage_that_is_the_end() -> None:
    with pytest.raises(ValueError, match=r"stages\[0\] \(prospecting\): the first stage is terminal"):
        edit_stage(0, terminal=True)


def test_refuses_a_duplicate_stage() -> None:
    with pytest.raises(ValueError, match=r"stages\[1\]: duplicate stage 'prospecting'"):
        edit_stage(1, name="prospecting")


def test_refuses_an_edge_to_an_unknown_stage() -> None:
    with pytest.raises(ValueError, match=r"edges\[0\] \(prospecting → signing\): unknown stage 'signing'"):
        edit_edge("prospecting", "qualification", to_stage="signing")


def test_refuses_an_edge_from_an_unknown_stage() -> None:
    with pytest.raises(ValueError, match=r"edges\[0\] \(signing → qualification\): unknown stage 'signing'"):
        edit_edge("prospecting", "qualification", from_stage="signing")


def test_refuses_an_unknown_criterion() -> None:
    with pytest.raises(ValueError, match=r"edges\[0\] .*: unknown criterion 'gut_feeling'"):
        edit_edge("prospecting", "qualification", criteria=["gut_feeling"])


def test_refuses_a_stage_nobody_can_reach() -> None:
    with pytest.raises(ValueError, match="stage 'completed' is unreachable"):
        remove_edge("analysis", "completed")


def test_refuses_a_stage_without_a_way_out() -> None:
    with pytest.raises(ValueError, match="stage 'follow_up' leads nowhere when the outcome is 'won'"):
        remove_edge("follow_up", "analysis")


def test_refuses_an_edge_nobody_can_take() -> None:
    # No deal is won before it is closed.
    with pytest.raises(ValueError, match=r"edges\[0\] \(prospecting → qualification\): no subject can ever take it"):
        build_definition(
            lambda _, edges: edges.insert(
                0,
                {
                    "from_stage": "prospecting",
                    "to_stage": "qualification",
                    "kind": "forward",
                    "outcomes": ["won"],
                },
            )
        )


def test_refuses_to_leave_a_terminal_stage() -> None:
    with pytest.raises(ValueError, match=r"\(closing → follow_up\): a terminal stage has no 'won' edge"):
        edit_stage(4, terminal=True)


def test_refuses_to_end_while_the_outcome_is_open() -> None:
    def end_at_qualification(stages: list[JsonObject], edges: list[JsonObject]) -> None:
        stages[1]["terminal"] = True
        edges[:] = [edge for edge in edges if edge["from_stage"] == "prospecting" and edge["kind"] == "forward"]
        del stages[2:]

    with pytest.raises(ValueError, match="terminal stage 'qualification' is reached while the outcome is still open"):
        build_definition(end_at_qualification)


def test_refuses_a_completion_that_is_not_the_end() -> None:
    with pytest.raises(ValueError, match=r"\(analysis → completed\): a 'complete' edge must lead to a terminal stage"):
        edit_stage(7, terminal=False)


@pytest.mark.parametrize(("from_stage", "to_stage"), [("prospecting", "presentation"), ("closing", "prospecting")])
def test_refuses_a_forward_edge_that_skips(from_stage: str, to_stage: str) -> None:
    with pytest.raises(ValueError, match=f"{from_stage} → {to_stage}.*: a 'forward' edge leads to the next stage"):
        add_edge(from_stage=from_stage, to_stage=to_stage, kind="forward", outcomes=["open"])


def test_refuses_two_steps_back_at_once() -> None:
    with pytest.raises(ValueError, match="a 'back' edge leads to the previous stage"):
        edit_edge("closing", "negotiation", to_stage="presentation")


def test_refuses_an_outcome_of_another_subject() -> None:
    with pytest.raises(ValueError, match="'converted' is not an outcome of subject 'opportunity'"):
        edit_edge("prospecting", "qualification", outcomes=["converted"])


def test_refuses_a_kind_of_another_subject() -> None:
    with pytest.raises(ValueError, match="'recycle' is not a kind of transition for subject 'opportunity'"):
        edit_edge("qualification", "prospecting", kind="recycle")


def test_refuses_an_edge_for_no_outcome() -> None:
    with pytest.raises(ValueError, match=r"edges\.0\.outcomes"):
        edit_edge("prospecting", "qualification", outcomes=[])


def test_refuses_a_won_edge_that_wins_nothing() -> None:
    with pytest.raises(ValueError, match="sets_outcome of a 'won' edge must be 'won'"):
        edit_edge("closing", "follow_up", sets_outcome=None)


def test_refuses_to_lose_a_deal_that_is_won() -> None:
    with pytest.raises(ValueError, match="a 'lost' edge is for the outcomes open"):
        edit_edge("closing", "analysis", outcomes=["won"])


def test_refuses_to_reopen_a_deal_that_is_won() -> None:
    with pytest.raises(ValueError, match="a 'reopen' edge is for the outcomes lost"):
        edit_edge("completed", "$left_stage", outcomes=["lost", "won"])


@pytest.mark.parametrize(
    ("from_stage", "to_stage", "name"),
    [
        ("closing", "analysis", "loss_reason"),
        ("closing", "negotiation", "reason"),
        ("analysis", "$left_stage", "reason"),
    ],
)
def test_refuses_to_drop_a_required_input(from_stage: str, to_stage: str, name: str) -> None:
    with pytest.raises(ValueError, match=f"edge must require '{name}'"):
        edit_edge(from_stage, to_stage, required=[])


@pytest.mark.parametrize(
    ("from_stage", "to_stage"), [("closing", "analysis"), ("closing", "negotiation"), ("analysis", "$left_stage")]
)
def test_refuses_to_override_what_has_no_evidence(from_stage: str, to_stage: str) -> None:
    with pytest.raises(ValueError, match="edge cannot be overridden"):
        edit_edge(from_stage, to_stage, may_override=True)


def test_refuses_a_conversion_that_anybody_may_take() -> None:
    with pytest.raises(ValueError, match="only_by of a 'convert' edge must be 'conversion'"):
        build_definition(
            lambda _, edges: find_edge(edges, "qualification", "converted").update(only_by=None), Subject.LEAD
        )


def test_refuses_a_second_edge_for_the_same_move() -> None:
    with pytest.raises(ValueError, match=r"\(closing → analysis\): a second edge for 'open'"):
        build_definition(lambda _, edges: edges.append(dict(find_edge(edges, "closing", "analysis"))))


def test_refuses_a_reopening_to_a_fixed_stage() -> None:
    with pytest.raises(ValueError, match=r"a reopening, and nothing else, leads to '\$left_stage'"):
        edit_edge("analysis", "$left_stage", to_stage="closing")


def test_refuses_anything_but_a_reopening_to_the_stage_left() -> None:
    with pytest.raises(ValueError, match=r"a reopening, and nothing else, leads to '\$left_stage'"):
        edit_edge("closing", "negotiation", to_stage="$left_stage")
