"""Activities as they are sent and read."""

from datetime import datetime
from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from app.activities.kinds import ActivityKind, ActivityResult, ActivityStatus, NewActivityStatus
from app.core.fields import ExternalId, Name, Text
from app.core.json_kinds import JSON_NUMBER, Moment
from app.core.pagination import PageQuery
from app.core.resource import Body, Item, Patch

Minutes = Annotated[int, Field(ge=0, le=100_000), JSON_NUMBER]


class ActivityFields(BaseModel):
    """What may be said of an activity besides its kind and summary."""

    note: Text | None = None
    planned_at: Moment | None = None
    duration_minutes: Minutes | None = None
    owner_id: UUID | None = Field(default=None, description="Absent: the caller.")
    external_id: ExternalId | None = None


class ActivityCreate(ActivityFields, Body):
    """A new activity about at least one record; about a lead or a deal, not both."""

    kind: ActivityKind
    summary: Name
    status: NewActivityStatus = NewActivityStatus.PLANNED
    held_at: Moment | None = Field(default=None, description="For `held` only. Absent: now.")
    lead_id: UUID | None = None
    opportunity_id: UUID | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None


class ActivityPatch(ActivityFields, Patch):
    """Changes of an activity; what it is about stays, and its status changes by completion."""

    kind: ActivityKind = Field(default_factory=lambda: ActivityKind.NOTE)
    summary: Name = Field(default_factory=str)
    owner_id: UUID = Field(default_factory=uuid4)


class ActivityCompletion(Body):
    """What became of a planned activity."""

    status: ActivityResult
    held_at: Moment | None = Field(default=None, description="For `held` only. Absent: now.")
    note: Text | None = Field(default=None, description="Absent: the note stays.")
    duration_minutes: Minutes | None = Field(default=None, description="Absent: the duration stays.")


class Activity(Item):
    """Something planned or held with a lead, on a deal, or with an account or a contact."""

    kind: ActivityKind
    status: ActivityStatus
    summary: str
    note: str | None
    lead_id: UUID | None
    opportunity_id: UUID | None
    account_id: UUID | None
    contact_id: UUID | None
    planned_at: datetime | None
    held_at: datetime | None
    duration_minutes: int | None
    owner_id: UUID | None
    team_id: UUID | None
    external_id: str | None


class ActivityPage(BaseModel):
    """A page of activities."""

    items: list[Activity]
    next_cursor: str | None


class ActivityQuery(PageQuery):
    """Filters of the list of activities."""

    kind: list[ActivityKind] = []
    status: list[ActivityStatus] = []
    lead_id: UUID | None = None
    opportunity_id: UUID | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    external_id: str | None = None
    held_at_gte: Moment | None = None
    held_at_lte: Moment | None = None
    planned_at_gte: Moment | None = None
    planned_at_lte: Moment | None = None
