"""The words a pipeline is written in, its stages and the edges between them."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.core.json_kinds import JSON_NUMBER, Flag

# The target of a reopening: whichever stage the deal stood in when it was lost.
LEFT_STAGE = "$left_stage"

StageName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
# one pattern: SDK generators take a union of a string and a constant for the constant
TargetStage = Annotated[
    str, Field(pattern=r"^(\$left_stage|[a-z][a-z0-9_]{0,62})$", description="A stage, or `$left_stage`.")
]


class Subject(StrEnum):
    OPPORTUNITY = "opportunity"
    LEAD = "lead"


class Step(StrEnum):
    """What reports compare pipelines through."""

    PROSPECTING = "prospecting"
    QUALIFICATION = "qualification"
    PRESENTATION = "presentation"
    NEGOTIATION = "negotiation"
    CLOSING = "closing"
    FOLLOW_UP = "follow_up"
    ANALYSIS = "analysis"


class Outcome(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"
    CONVERTED = "converted"
    DISQUALIFIED = "disqualified"


class TransitionKind(StrEnum):
    FORWARD = "forward"
    BACK = "back"
    WON = "won"
    LOST = "lost"
    REOPEN = "reopen"
    COMPLETE = "complete"
    DISQUALIFY = "disqualify"
    RECYCLE = "recycle"
    CONVERT = "convert"


class ForecastCategory(StrEnum):
    OMITTED = "omitted"
    PIPELINE = "pipeline"
    BEST_CASE = "best_case"
    COMMIT = "commit"
    CLOSED = "closed"


class RequiredInput(StrEnum):
    """What a caller sends along; a loss reason of `other` asks for a reason as well."""

    REASON = "reason"
    LOSS_REASON = "loss_reason"


class Stage(BaseModel):
    """A place in a pipeline; `probability` is in percent, `expected_days` the usual stay."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: StageName
    label: Annotated[str, Field(min_length=1, max_length=100)]
    step: Step
    probability: Annotated[int, Field(ge=0, le=100), JSON_NUMBER]
    forecast_category: ForecastCategory
    expected_days: Annotated[int, Field(ge=0, le=3650), JSON_NUMBER]
    terminal: Flag = False


class Edge(BaseModel):
    """A move that exists, for a subject whose outcome is one of `outcomes`.

    `sets_outcome` is null when the outcome stays. `only_by` names the one deed that may take the edge.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_stage: StageName
    to_stage: TargetStage
    kind: TransitionKind
    outcomes: Annotated[tuple[Outcome, ...], Field(min_length=1)]
    sets_outcome: Outcome | None = None
    criteria: tuple[str, ...] = ()
    required: tuple[RequiredInput, ...] = ()
    may_override: Flag = False
    only_by: Literal["conversion"] | None = None
