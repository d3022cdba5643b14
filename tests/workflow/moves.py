"""The department's moves written out by hand, to hold the decisions against."""

from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise
from typing import Any

from hypothesis import strategies as st

from app.workflow.criteria import Evidence
from app.workflow.decision import ExitCriteriaNotMet, LossReason, Standing, TransitionInputs, decide
from app.workflow.pipeline import Outcome, PipelineDefinition
from tests.workflow.definitions import LEAD, OPPORTUNITY
from tests.workflow.evidence import COMPLETE, WITHOUT

EVERYTHING_SENT = TransitionInputs(reason="Because", loss_reason=LossReason.PRICE)

OPEN_STAGES = ("prospecting", "qualification", "presentation", "negotiation", "closing")

# What evidence each move forward asks for, by the domain's table.
DEAL_EVIDENCE: dict[tuple[Standing, str], Callable[[Evidence], bool]] = {
    (Standing("prospecting", Outcome.OPEN), "qualification"): lambda known: (
        known.owner_id is not None and known.contact_count > 0 and known.held_outreach_count > 0
    ),
    (Standing("qualification", Outcome.OPEN), "presentation"): lambda known: (
        known.has_need
        and known.has_budget
        and known.has_timeline
        and known.has_decision_process
        and known.account_id is not None
        and known.deciding_contact_count > 0
        and known.amount is not None
        and known.close_on is not None
    ),
    (Standing("presentation", Outcome.OPEN), "negotiation"): lambda known: (
        known.held_presentation_count > 0 and known.open_objection_count == 0
    ),
    (Standing("negotiation", Outcome.OPEN), "closing"): lambda known: (
        known.complete_sent_proposal_count > 0
        and (
            known.unapproved_discount_percent is None
            or known.unapproved_discount_percent <= known.discount_limit_percent
        )
    ),
    (Standing("closing", Outcome.OPEN), "follow_up"): lambda known: (
        known.signed_contract_count > 0 and known.amount is not None and known.amount > 0 and known.close_on is not None
    ),
    (Standing("follow_up", Outcome.WON), "analysis"): lambda known: (
        known.handoff_accepted
        and (known.satisfaction_answer_count >= 1 or known.satisfaction_attempt_count >= 2)
        and known.open_issue_count == 0
    ),
    (Standing("analysis", Outcome.WON), "completed"): lambda known: known.review_count > 0,
    (Standing("analysis", Outcome.LOST, "closing"), "completed"): lambda known: known.review_count > 0,
}

# Every other move of a deal; these ask for inputs, never for evidence.
DEAL_MOVES_WITHOUT_EVIDENCE = (
    *((Standing(stage, Outcome.OPEN), "analysis") for stage in OPEN_STAGES),
    *((Standing(stage, Outcome.OPEN), before) for before, stage in pairwise(OPEN_STAGES)),
    (Standing("analysis", Outcome.WON), "follow_up"),
    (Standing("analysis", Outcome.LOST, "closing"), "closing"),
    (Standing("completed", Outcome.LOST, "closing"), "closing"),
)

LEAD_MOVES = (
    (Standing("prospecting", Outcome.OPEN), "qualification"),
    (Standing("qualification", Outcome.OPEN), "prospecting"),
    (Standing("prospecting", Outcome.OPEN), "disqualified"),
    (Standing("qualification", Outcome.OPEN), "disqualified"),
    (Standing("disqualified", Outcome.DISQUALIFIED), "prospecting"),
)


def standings(definition: PipelineDefinition) -> st.SearchStrategy[Standing]:
    """Any stage with any outcome, those no subject can be in included; a lost deal was lost at closing."""
    stages = st.sampled_from([stage.name for stage in definition.stages])
    return st.tuples(stages, st.sampled_from(Outcome)).map(
        lambda drawn: Standing(*drawn, left_stage="closing" if drawn[1] is Outcome.LOST else None)
    )


def evidence() -> st.SearchStrategy[Evidence]:
    """Draw complete evidence with any of its facts drawn anew, around their thresholds."""
    counts = st.integers(0, 2)
    percents = st.decimals(0, 30, places=2)
    drawn: dict[str, st.SearchStrategy[Any]] = {  # Any: each fact has a type of its own
        "owner_id": st.none() | st.uuids(),
        "account_id": st.none() | st.uuids(),
        "amount": st.none() | st.decimals(-1, 1, places=2),
        "close_on": st.none() | st.dates(),
        "unapproved_discount_percent": st.none() | percents,
        "discount_limit_percent": percents,
    }
    for field in fields(Evidence):
        drawn.setdefault(field.name, counts if field.name.endswith("_count") else st.booleans())
    return st.fixed_dictionaries({}, optional=drawn).map(lambda facts: replace(COMPLETE, **facts))


def demanded(standing: Standing, to_stage: str, definition: PipelineDefinition = OPPORTUNITY) -> set[str]:
    """Find the criteria that refuse the move each on its own, by taking away one fact after the other."""
    return {fact for fact in WITHOUT if fact in _unmet(standing, to_stage, definition, WITHOUT[fact])}


def _unmet(standing: Standing, to_stage: str, definition: PipelineDefinition, evidence: Evidence) -> set[str]:
    try:
        decide(definition, standing, to_stage, EVERYTHING_SENT, evidence)
    except ExitCriteriaNotMet as refusal:
        return {result.id for result in refusal.results if not result.satisfied}
    return set()


def all_moves() -> list[tuple[PipelineDefinition, Standing, str]]:
    deals = [(OPPORTUNITY, *move) for move in (*DEAL_EVIDENCE, *DEAL_MOVES_WITHOUT_EVIDENCE)]
    return deals + [(LEAD, *move) for move in LEAD_MOVES]
