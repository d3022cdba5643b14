"""Events as they are read."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.outbox.catalogue import EventPattern, EventType


class EventSubject(BaseModel):
    """The aggregate an event is about; its events are numbered 1, 2, 3 … without gaps."""

    type: str
    id: UUID
    sequence: int


class EventActor(BaseModel):
    """Who did it."""

    type: Literal["user", "system"]
    id: UUID | None
    position: str | None


class EventData(BaseModel):
    """The record after the event, and what changed."""

    object: dict[str, Any]
    before: dict[str, Any] = Field(description="The old values of the changed fields.")
    changed: list[str]
    transition: dict[str, Any] | None = None


class EventEnvelope(BaseModel):
    """What happened: the same bytes here, in webhooks and in the stream.

    `type` tells which schema the whole has: the one under `webhooks` of that name. Types may be added.
    """

    id: UUID = Field(description="Also the `webhook-id`.")
    type: str
    timestamp: datetime = Field(description="When it happened, not when it was sent.")
    organization_id: UUID
    subject: EventSubject
    actor: EventActor
    correlation_id: str = Field(description="The id of the request that did it.")
    data: EventData


class EventPage(BaseModel):
    """Events in the order of the log."""

    items: list[EventEnvelope]
    next_cursor: str = Field(description="Where to go on, also from an empty page.")
    has_more: bool = Field(description="Whether the next page has something right now.")


class EventQuery(BaseModel):
    """Which events of the log are wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=1_000, description="Events per page.")] = 100
    cursor: Annotated[str | None, Field(max_length=200, description="`next_cursor` of the page before.")] = None
    type: Annotated[list[EventPattern], Field(max_length=100)] = []
    subject_id: UUID | None = None


class EventTypeDescription(BaseModel):
    """A type of event."""

    type: EventType
    description: str


class EventTypeList(BaseModel):
    """All types of events."""

    items: list[EventTypeDescription]
