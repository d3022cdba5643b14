"""Transitions as they are asked for, answered and explained."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from app.core.json_kinds import Flag
from app.core.pagination import PageQuery
from app.core.resource import Body
from app.outbox.schemas import ActorType
from app.people.permissions import Position, who_may
from app.workflow.criteria import CriterionResult
from app.workflow.decision import LossReason
from app.workflow.pipeline import Outcome, RequiredInput, Step, TransitionKind

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
StageName = Annotated[str, StringConstraints(min_length=1, max_length=63)]


class LeadTransitionCreate(Body):
    """A move of a lead."""

    to_stage: StageName
    reason: Reason | None = Field(default=None, description="Needed to go back, disqualify and recycle.")
    override_reason: Reason | None = Field(
        default=None, description="Moves on although criteria are unmet; managers only, recorded and published."
    )
    dry_run: Flag = Field(default=False, description="Answer what would happen and write nothing.")


class OpportunityTransitionCreate(LeadTransitionCreate):
    """A move of a deal."""

    reason: Reason | None = Field(
        default=None, description="Needed to go back, to reopen, and to lose for a reason of `other`."
    )
    loss_reason: LossReason | None = Field(default=None, description="Needed to lose a deal.")


class Actor(BaseModel):
    """Who did it."""

    type: ActorType
    id: UUID | None


class TransitionFacts(BaseModel):
    """One move: from where, to where, and on what grounds."""

    id: UUID | None = Field(description="Null in a dry run.")
    from_stage: str
    to_stage: str
    step: Step
    kind: TransitionKind
    outcome: Outcome
    overridden: bool
    reason: str | None
    override_reason: str | None
    unmet_criteria: list[str] = Field(description="What was overridden.")
    sequence: int | None = Field(description="The number of its event; null in a dry run and for imported history.")
    actor: Actor
    occurred_at: datetime
    seconds_in_from_stage: int
    version: int = Field(description="The record's version after the move.")


class EventTransition(BaseModel):
    """The move that an event tells of."""

    from_stage: str
    to_stage: str
    step: Step
    kind: TransitionKind
    outcome: Outcome
    overridden: bool = Field(description="A manager let it move although exit criteria were not met.")
    reason: str | None


class OpportunityTransition(TransitionFacts):
    """A move of a deal."""

    opportunity_id: UUID
    loss_reason: LossReason | None


class LeadTransition(TransitionFacts):
    """A move of a lead."""

    lead_id: UUID


class OpportunityTransitionPage(BaseModel):
    """The history of a deal, oldest first unless sorted otherwise."""

    items: list[OpportunityTransition]
    next_cursor: str | None


class LeadTransitionPage(BaseModel):
    """The history of a lead, oldest first unless sorted otherwise."""

    items: list[LeadTransition]
    next_cursor: str | None


class TransitionQuery(PageQuery):
    """Filters of a history."""

    sort: Annotated[str, Field(max_length=50)] = "occurred_at"
    kind: list[TransitionKind] = []


class HowToFix(BaseModel):
    """The call that satisfies a criterion."""

    method: str
    path: str


class CriterionStatus(BaseModel):
    """A criterion, how it stands, and who can do something about it."""

    id: str
    description: str
    satisfied: bool
    expected: str
    actual: str
    who_can_fix: list[Position]
    how: HowToFix


class AvailableTransition(BaseModel):
    """An edge from here, open or blocked."""

    to_stage: str
    step: Step
    kind: TransitionKind
    allowed: bool = Field(description="The criteria are met and the caller may take it.")
    required: list[RequiredInput] = Field(description="Inputs to send along.")
    may_override: bool = Field(description="The caller may move on although criteria are unmet.")
    who_may: list[Position] = Field(description="Positions that may take this edge, within their reach.")
    criteria: list[CriterionStatus]


class AvailableTransitions(BaseModel):
    """Every edge from where the record stands."""

    stage: str
    outcome: Outcome
    version: int
    items: list[AvailableTransition]


def describe_criterion(result: CriterionResult, record_id: Any) -> CriterionStatus:
    """A criterion's result with the positions that can fix it and the call to make."""
    return CriterionStatus(
        id=result.id,
        description=result.description,
        satisfied=result.satisfied,
        expected=result.expected,
        actual=result.actual,
        who_can_fix=who_may(result.action),
        how=HowToFix(method=result.method, path=result.path.replace("{id}", str(record_id))),
    )
