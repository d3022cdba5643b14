"""`/v1/events` and `/v1/event-types`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, documented
from app.core.resource import json_response
from app.core.routing import router
from app.outbox import schemas
from app.outbox.catalogue import DESCRIPTIONS
from app.outbox.feed import EventsGone, read_event, read_feed
from app.people.authentication import Permission

events = router("events")

Reader = Annotated[Caller, Depends(Permission("events.read"))]
Anybody = Annotated[Caller, Depends(Permission("reference.read"))]


@events.get("/events", response_model=schemas.EventPage, responses=documented(EventsGone))
async def list_events(caller: Reader, database: AppDatabase, query: Annotated[schemas.EventQuery, Query()]) -> Response:
    """Read the log from a cursor, oldest first; keep `next_cursor` and ask again to follow it without gaps.

    Where old events are dropped, a cursor with dropped events after it is answered 410, never by skipping them.
    """
    async with database.begin(caller) as tx:
        page = await read_feed(tx, query)
    return Response(page.render(), media_type="application/json")


@events.get("/events/{event_id}", response_model=schemas.EventEnvelope, responses=documented(NotFound))
async def get_event(caller: Reader, database: AppDatabase, event_id: UUID) -> Response:
    """Read an event, as the bytes that its webhooks carry."""
    async with database.begin(caller) as tx:
        body = await read_event(tx, event_id)
    return Response(body, media_type="application/json")


@events.get("/event-types", response_model=schemas.EventTypeList, responses=documented())
async def list_event_types(_caller: Anybody) -> Response:
    """List the types of events that there are."""
    items = [schemas.EventTypeDescription(type=each, description=text) for each, text in DESCRIPTIONS.items()]
    return json_response(schemas.EventTypeList(items=items))
