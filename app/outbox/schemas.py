"""Events as they are read."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field

from app.outbox.catalogue import EventType
from app.outbox.filters import EventFilter


class EventSubject(BaseModel):
    """The aggregate an event is about; its events are numbered 1, 2, 3 … without gaps."""

    type: str
    id: UUID
    sequence: int


class ActorType(StrEnum):
    """Who acts: somebody, or the service by itself."""

    USER = "user"
    SYSTEM = "system"


class EventActor(BaseModel):
    """Who did it."""

    type: ActorType
    id: UUID | None
    position: str | None


class EventData(BaseModel):
    """The record after the event, and what changed."""

    object: dict[str, Any]
    before: dict[str, Any] = Field(description="The old values of the changed fields.")
    changed: list[str]
    transition: dict[str, Any] = Field(default={}, description="The move; absent where nothing moved.")


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
    has_more: bool = Field(description="Whether to ask again at once; a page may be short, or empty, and have more.")


Cursor = Annotated[
    str | None, Field(max_length=200, description="`next_cursor` of the feed, or an `id` of the stream.")
]


class EventQuery(EventFilter):
    """Which events of the log are wanted."""

    limit: Annotated[int, Field(ge=1, le=1_000, description="Events per page.")] = 100
    cursor: Cursor = None


class EventStreamQuery(EventFilter):
    """Which events are streamed, and from where."""

    cursor: Cursor = None


class EventTypeDescription(BaseModel):
    """A type of event."""

    type: EventType
    description: str


class EventTypeList(BaseModel):
    """All types of events."""

    items: list[EventTypeDescription]
