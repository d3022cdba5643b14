"""Whether a lead or a deal may move, and what else it could do. Who is asking is judged elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.workflow.criteria import CriterionResult, Evidence, judge
from app.workflow.pipeline import Edge, Outcome, PipelineDefinition, RequiredInput, Stage, TransitionKind


class LossReason(StrEnum):
    PRICE = "price"
    COMPETITOR = "competitor"
    NO_BUDGET = "no_budget"
    NO_DECISION = "no_decision"
    TIMING = "timing"
    PRODUCT_FIT = "product_fit"
    LOST_CONTACT = "lost_contact"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a subject is; `left_stage` is where a lost deal stood when it was lost."""

    stage: str
    outcome: Outcome
    left_stage: str | None = None


@dataclass(frozen=True, slots=True)
class TransitionInputs:
    """What the caller sent along; a blank text counts as not sent."""

    reason: str | None = None
    override_reason: str | None = None
    loss_reason: LossReason | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """An allowed move: `standing` is where it leads, `overridden` whether criteria were unmet."""

    edge: Edge
    target: Stage
    standing: Standing
    criteria: tuple[CriterionResult, ...]
    overridden: bool


@dataclass(frozen=True, slots=True)
class Option:
    """An edge from here, open or blocked."""

    edge: Edge
    target: Stage
    criteria: tuple[CriterionResult, ...]
    required: tuple[RequiredInput, ...]

    @property
    def is_satisfied(self) -> bool:
        return all(result.satisfied for result in self.criteria)


class TransitionNotAllowed(Exception):
    """There is no such edge from here; `edges` are those that exist."""

    def __init__(self, edges: tuple[Edge, ...]) -> None:
        super().__init__("no such transition; from here: " + (", ".join(edge.to_stage for edge in edges) or "none"))
        self.edges = edges


class ExitCriteriaNotMet(Exception):
    """Evidence is missing; `results` are all criteria of the edge, met and unmet."""

    def __init__(self, results: tuple[CriterionResult, ...]) -> None:
        super().__init__("not met: " + ", ".join(result.id for result in results if not result.satisfied))
        self.results = results


class InputRequired(Exception):
    """The edge asks for inputs that were not sent; `names` says which."""

    def __init__(self, names: tuple[RequiredInput, ...]) -> None:
        super().__init__("required: " + ", ".join(names))
        self.names = names


def decide(
    definition: PipelineDefinition, standing: Standing, to_stage: str, inputs: TransitionInputs, evidence: Evidence
) -> Decision:
    """Decide on the move to `to_stage`, overridden only where criteria are unmet and a reason to override was given.

    Raises `TransitionNotAllowed`, `InputRequired` or `ExitCriteriaNotMet`, in this order.
    """
    edges = tuple(edge for edge in _edges_from(definition, standing) if edge.only_by is None)
    edge = next((edge for edge in edges if edge.to_stage == to_stage), None)
    if edge is None:
        raise TransitionNotAllowed(edges)
    return _take(definition, standing, edge, inputs, evidence)


def decide_conversion(definition: PipelineDefinition, standing: Standing, evidence: Evidence) -> Decision:
    """Decide on the conversion of a lead; raises `TransitionNotAllowed` or `ExitCriteriaNotMet`."""
    edges = _edges_from(definition, standing)
    edge = next((edge for edge in edges if edge.only_by == "conversion"), None)
    if edge is None:
        raise TransitionNotAllowed(edges)
    return _take(definition, standing, edge, TransitionInputs(), evidence)


def options(definition: PipelineDefinition, standing: Standing, evidence: Evidence) -> tuple[Option, ...]:
    """List every edge from here, the one only conversion may take included, and what stands in its way."""
    return tuple(
        Option(
            edge=edge,
            target=definition.stage(edge.to_stage),
            criteria=judge(edge.criteria, evidence, definition.subject),
            required=edge.required,
        )
        for edge in _edges_from(definition, standing)
    )


def _edges_from(definition: PipelineDefinition, standing: Standing) -> tuple[Edge, ...]:
    return definition.edges_from(standing.stage, standing.outcome, standing.left_stage)


def _take(
    definition: PipelineDefinition, standing: Standing, edge: Edge, inputs: TransitionInputs, evidence: Evidence
) -> Decision:
    missing = tuple(_missing_inputs(edge, inputs))
    if missing:
        raise InputRequired(missing)
    criteria = judge(edge.criteria, evidence, definition.subject)
    is_unmet = not all(result.satisfied for result in criteria)
    if is_unmet and not (edge.may_override and _is_given(inputs.override_reason)):
        raise ExitCriteriaNotMet(criteria)
    return Decision(
        edge=edge,
        target=definition.stage(edge.to_stage),
        standing=_standing_after(standing, edge),
        criteria=criteria,
        overridden=is_unmet,
    )


def _missing_inputs(edge: Edge, inputs: TransitionInputs) -> Iterable[RequiredInput]:
    needs_note = edge.kind is TransitionKind.LOST and inputs.loss_reason is LossReason.OTHER
    if (needs_note or RequiredInput.REASON in edge.required) and not _is_given(inputs.reason):
        yield RequiredInput.REASON
    if RequiredInput.LOSS_REASON in edge.required and inputs.loss_reason is None:
        yield RequiredInput.LOSS_REASON


def _standing_after(standing: Standing, edge: Edge) -> Standing:
    left_stage = standing.left_stage
    if edge.kind is TransitionKind.LOST:
        left_stage = standing.stage
    elif edge.kind is TransitionKind.REOPEN:
        left_stage = None
    return Standing(edge.to_stage, edge.sets_outcome or standing.outcome, left_stage)


def _is_given(text: str | None) -> bool:
    return text is not None and text.strip() != ""
