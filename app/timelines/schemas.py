"""Timelines as they are asked for and read."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.outbox.catalogue import EventPattern
from app.outbox.schemas import EventEnvelope


class AccountTimelinePage(BaseModel):
    """What happened at an account, newest first."""

    items: list[EventEnvelope]
    next_cursor: str | None


class TimelineQuery(BaseModel):
    """Which part of a timeline is wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200, description="Events per page.")] = 50
    cursor: Annotated[str | None, Field(max_length=4_000, description="`next_cursor` of the page before.")] = None
    type: Annotated[list[EventPattern], Field(max_length=100, description="Types of events, `noun.*`, or `*`.")] = []
