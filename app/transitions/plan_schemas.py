"""Moves of many deals at once: as they are asked for, planned and made."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from app.core.json_kinds import JSON_NUMBER
from app.core.problems import ProblemDocument
from app.core.resource import Body
from app.transitions.schemas import AvailableTransition, OpportunityTransition, Reason, StageName
from app.workflow.decision import LossReason, TransitionInputs

MOST_DEALS = 200


class SharedMove(Body):
    """What all deals are asked to do."""

    to_stage: StageName
    reason: Reason | None = Field(
        default=None, description="Needed to go back, to reopen, and to lose for a reason of `other`."
    )
    override_reason: Reason | None = Field(
        default=None, description="Moves on although criteria are unmet; managers only, recorded and published."
    )
    loss_reason: LossReason | None = Field(default=None, description="Needed to lose a deal.")

    @property
    def inputs(self) -> TransitionInputs:
        return TransitionInputs(self.reason, self.override_reason, self.loss_reason)


def _all_different(opportunity_ids: list[UUID]) -> list[UUID]:
    if len(set(opportunity_ids)) < len(opportunity_ids):
        raise ValueError("the same deal is named twice")
    return opportunity_ids


class TransitionPlanCreate(SharedMove):
    """The deals that are to move, at most 200."""

    opportunity_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_DEALS), AfterValidator(_all_different)]


class PlannedTransition(BaseModel):
    """Whether a deal could move, and if not, why not."""

    opportunity_id: UUID
    version: int | None = Field(description="The version that was looked at; null when there is no such deal.")
    allowed: bool = Field(description="It would move now, with these inputs.")
    overridden: bool = Field(description="It would move although criteria are unmet.")
    transition: AvailableTransition | None = Field(description="The way there; null when there is none from here.")
    problem: ProblemDocument | None = Field(description="What a transition would be refused with.")


class TransitionPlan(BaseModel):
    """What would become of each deal, in the order of the request; nothing is stored."""

    to_stage: str
    items: list[PlannedTransition]


class TransitionPlanItem(Body):
    """A deal of a plan, as it was when it was planned."""

    opportunity_id: UUID
    version: Annotated[int, Field(ge=1, le=2_147_483_647), JSON_NUMBER] = Field(
        description="As the plan told it; another one by now is not moved."
    )


def _all_about_different_deals(items: list[TransitionPlanItem]) -> list[TransitionPlanItem]:
    _all_different([item.opportunity_id for item in items])
    return items


class TransitionPlanExecutionCreate(SharedMove):
    """The deals of a plan that are to move, at most 200."""

    items: Annotated[
        list[TransitionPlanItem],
        Field(min_length=1, max_length=MOST_DEALS),
        AfterValidator(_all_about_different_deals),
    ]


class ExecutedTransition(BaseModel):
    """What became of one deal."""

    opportunity_id: UUID
    status: int = Field(description="201 moved, 412 changed since it was planned, or the status of another problem.")
    transition: OpportunityTransition | None
    problem: ProblemDocument | None


class TransitionPlanExecution(BaseModel):
    """What became of each deal, in the order of the request."""

    items: list[ExecutedTransition]
