"""Hand-offs, satisfaction surveys, issues and reviews as they are sent and read."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field

from app.core.fields import Name, Text
from app.core.json_kinds import JSON_NUMBER, Moment
from app.core.pagination import PageQuery
from app.core.resource import Body, Item

_FIRST_YEAR = 1970


def _in_the_past(moment: datetime) -> datetime:
    if moment.year < _FIRST_YEAR or moment > datetime.now(UTC):
        raise ValueError("a time since 1970 that is not ahead")
    return moment


class HandoffStatus(StrEnum):
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class SurveyStatus(StrEnum):
    ATTEMPTED = "attempted"
    ANSWERED = "answered"


class IssueSeverity(StrEnum):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    CRITICAL = "critical"


class IssueStatus(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class FollowUpQuery(PageQuery):
    """Filters that all these lists have."""

    opportunity_id: UUID | None = None


class HandoffCreate(Body):
    """Hand a won deal's account to an account manager."""

    opportunity_id: UUID
    to_user_id: UUID = Field(description="An active account manager.")
    note: Text | None = None


class HandoffDecision(Body):
    """What the account manager says to it."""

    note: Text | None = None


class Handoff(Item):
    """An account handed over after the win; the deal and its account keep their owners."""

    opportunity_id: UUID
    from_user_id: UUID
    to_user_id: UUID
    status: HandoffStatus
    note: str | None
    decision_note: str | None
    decided_at: datetime | None


class HandoffPage(BaseModel):
    """A page of hand-offs."""

    items: list[Handoff]
    next_cursor: str | None


class HandoffQuery(FollowUpQuery):
    """Filters of the list of hand-offs."""

    to_user_id: UUID | None = None
    status: list[HandoffStatus] = []


class SatisfactionSurveyCreate(Body):
    """A customer was asked how satisfied they are."""

    opportunity_id: UUID
    status: SurveyStatus
    score: Annotated[int, Field(ge=0, le=10), JSON_NUMBER] | None = Field(
        default=None, description="With `answered` only."
    )
    comment: Text | None = None
    contact_id: UUID | None = None
    asked_at: Annotated[Moment, AfterValidator(_in_the_past)] | None = Field(default=None, description="Absent: now.")


class SatisfactionSurvey(Item):
    """An answer, or an attempt to get one."""

    opportunity_id: UUID
    status: SurveyStatus
    score: int | None = Field(description="0–10.")
    comment: str | None
    contact_id: UUID | None
    asked_at: datetime


class SatisfactionSurveyPage(BaseModel):
    """A page of surveys."""

    items: list[SatisfactionSurvey]
    next_cursor: str | None


class SatisfactionSurveyQuery(FollowUpQuery):
    """Filters of the list of surveys."""

    status: list[SurveyStatus] = []
    contact_id: UUID | None = None


class IssueCreate(Body):
    """A customer has a problem."""

    opportunity_id: UUID
    title: Name
    description: Text | None = None
    severity: IssueSeverity = IssueSeverity.NORMAL


class IssueResolution(Body):
    """How it was resolved."""

    resolution: Text


class Issue(Item):
    """A customer's problem; the deal's follow-up does not end while it is open."""

    opportunity_id: UUID
    title: str
    description: str | None
    severity: IssueSeverity
    status: IssueStatus
    resolution: str | None
    resolved_at: datetime | None


class IssuePage(BaseModel):
    """A page of issues."""

    items: list[Issue]
    next_cursor: str | None


class IssueQuery(FollowUpQuery):
    """Filters of the list of issues."""

    status: list[IssueStatus] = []
    severity: list[IssueSeverity] = []


class ReviewCreate(Body):
    """What was learned from a closed deal."""

    opportunity_id: UUID
    reasons: Annotated[list[Text], Field(min_length=1, max_length=10)]
    competitor: Name | None = None
    lesson: Text


class Review(Item):
    """A win/loss review."""

    opportunity_id: UUID
    reasons: list[str]
    competitor: str | None
    lesson: str
    filed_by: UUID


class ReviewPage(BaseModel):
    """A page of reviews."""

    items: list[Review]
    next_cursor: str | None


class ReviewQuery(FollowUpQuery):
    """Filters of the list of reviews."""

    filed_by: UUID | None = None
