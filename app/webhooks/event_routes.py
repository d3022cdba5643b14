"""`/v1/events` and `/v1/event-types`."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, documented
from app.core.resource import json_response
from app.core.routing import router
from app.outbox import schemas
from app.outbox.catalogue import DESCRIPTIONS
from app.outbox.event_stream import Authorization, EventStream, Subscription
from app.outbox.feed import EventsGone, read_event, read_feed
from app.outbox.streaming import EventStreams, TooManyStreams
from app.people.authentication import Credentials, Permission

events = router("events")

_may_read = Permission("events.read")
Reader = Annotated[Caller, Depends(_may_read)]
LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        max_length=200,
        description="The last `id` that was received; wins over `cursor`. Without either the stream begins now.",
    ),
]
Anybody = Annotated[Caller, Depends(Permission("reference.read"))]


@events.get("/events", response_model=schemas.EventPage, responses=documented(EventsGone))
async def list_events(caller: Reader, database: AppDatabase, query: Annotated[schemas.EventQuery, Query()]) -> Response:
    """Read the log from a cursor, oldest first; keep `next_cursor` and ask again to follow it without gaps.

    Where old events are dropped, a cursor with dropped events after it is answered 410, never by skipping them.
    """
    async with database.begin(caller) as tx:
        page = await read_feed(tx, query)
    return Response(page.render(), media_type="application/json")


_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "Messages of `id`, `event` (the type) and `data` (one line: an `EventEnvelope`), live.",
        "content": {EventStream.media_type: {"schema": {"type": "string"}}},
    }
}


async def _authorization(request: Request, credentials: Credentials) -> Authorization:
    return partial(_may_read, request, credentials)


async def _slot(request: Request) -> AsyncIterator[EventStreams]:
    streams: EventStreams = request.app.state.event_streams
    async with streams.slot():
        yield streams


@events.get("/events/stream", response_class=Response, responses=_STREAMED | documented(EventsGone, TooManyStreams))
async def stream_events(
    caller: Reader,
    authorize: Annotated[Authorization, Depends(_authorization)],
    query: Annotated[schemas.EventStreamQuery, Query()],
    streams: Annotated[EventStreams, Depends(_slot)],
    last_event_id: LastEventId = None,
) -> Response:
    """Follow the log as server-sent events, from a cursor or from now on; each `id` is a cursor to go on from.

    `data` holds the bytes that webhooks carry. Between events a heartbeat carries the place reached, without `data`.
    The stream ends when the process stops, the key may read no longer, or events that were still to come are dropped:
    connect again with the last `id`; the answer says so when that cannot be.
    """
    after = await streams.find_start(caller, query.cursor, last_event_id)
    return EventStream(streams, Subscription(caller, query, after, authorize))


@events.get("/events/{event_id}", response_model=schemas.EventEnvelope, responses=documented(NotFound))
async def get_event(caller: Reader, database: AppDatabase, event_id: UUID) -> Response:
    """Read an event, as the bytes that its webhooks carry."""
    async with database.look(caller) as tx:
        body = await read_event(tx, event_id)
    return Response(body, media_type="application/json")


@events.get("/event-types", response_model=schemas.EventTypeList, responses=documented())
async def list_event_types(_caller: Anybody) -> Response:
    """List the types of events that there are."""
    items = [schemas.EventTypeDescription(type=each, description=text) for each, text in DESCRIPTIONS.items()]
    return json_response(schemas.EventTypeList(items=items))
