"""Why a record may not move, as problems that say what to do about it."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.problems import Conflict, FieldError, Invalid, ProblemDocument
from app.transitions.schemas import CriterionStatus, describe_criterion
from app.workflow import decision
from app.workflow.pipeline import TransitionKind

_INPUT_TEXTS = {"reason": "This move needs a reason.", "loss_reason": "A lost deal needs a loss reason from the list."}


class PossibleTransition(BaseModel):
    """A move that exists from where the record stands."""

    to_stage: str
    kind: TransitionKind


class TransitionProblem(ProblemDocument):
    """Why a record may not move; each `code` has fields of its own, the others are absent."""

    criteria: list[CriterionStatus] = Field(
        default=[], description="`exit_criteria_not_met`: each criterion of the move, those that are satisfied too."
    )
    available: list[PossibleTransition] = Field(
        default=[], description="`transition_not_allowed`: the moves that exist from here."
    )
    converted_opportunity_id: UUID | None = Field(
        default=None, description="`lead_already_converted`: the deal that the lead became."
    )


class TransitionNotAllowed(Conflict):
    """There is no such move from here; `available` lists those that exist."""

    shape = TransitionProblem
    remedy = "Ask `GET …/available-transitions`, which explains every move, and take one that is allowed."


class ExitCriteriaNotMet(Conflict):
    """Evidence is missing; `criteria` says what, who can fix it and how."""

    shape = TransitionProblem
    remedy = "Have what is missing done by one of `who_can_fix` with the call in `how`, then send the transition again."


class LeadAlreadyConverted(Conflict):
    """This lead was converted already; `converted_opportunity_id` names the deal."""

    shape = TransitionProblem
    remedy = "Work on with the deal."


def not_allowed(error: decision.TransitionNotAllowed) -> TransitionNotAllowed:
    """The refusal of an edge that does not exist."""
    available = [{"to_stage": edge.to_stage, "kind": edge.kind} for edge in error.edges if edge.only_by is None]
    return TransitionNotAllowed(extra={"available": available})


def not_met(error: decision.ExitCriteriaNotMet, record_id: Any) -> ExitCriteriaNotMet:
    """The refusal of an edge whose evidence is missing."""
    criteria = [describe_criterion(result, record_id).model_dump(mode="json") for result in error.results]
    return ExitCriteriaNotMet(extra={"criteria": criteria})


def input_required(error: decision.InputRequired) -> Invalid:
    """The refusal of an edge whose inputs were not sent."""
    return Invalid(
        errors=[FieldError(pointer=f"/{name}", code="missing", detail=_INPUT_TEXTS[name]) for name in error.names]
    )
