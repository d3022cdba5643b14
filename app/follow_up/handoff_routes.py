"""`/v1/handoffs`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.follow_up import queries, schemas
from app.follow_up.handoff import (
    DealNotWon,
    HandoffAlreadyDecided,
    HandoffPending,
    decide_handoff,
    read_handoff,
    request_handoff,
)
from app.follow_up.writing import READ
from app.opportunities.problems import DealCompleted
from app.people.authentication import Permission
from app.people.permissions import scope

handoffs = router("follow-up")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission("handoffs.write"))]


@handoffs.get("/handoffs", response_model=schemas.HandoffPage, responses=documented())
async def list_handoffs(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.HandoffQuery, Query()]
) -> Response:
    """List the hand-offs of deals within reach and those to yourself, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.handoff_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.HandoffPage, page.rows, page.next_cursor)


@handoffs.post(
    "/handoffs",
    status_code=201,
    response_model=schemas.Handoff,
    responses=documented(NotFound, DealNotWon, HandoffPending, DealCompleted),
)
async def create_handoff(caller: Writer, database: AppDatabase, body: schemas.HandoffCreate) -> Response:
    """Hand a won deal's account to an account manager, who accepts or rejects."""
    async with database.begin(caller) as tx:
        row = await request_handoff(tx, body.model_dump())
    return item_response(schemas.Handoff, row, status=201)


@handoffs.get("/handoffs/{handoff_id}", response_model=schemas.Handoff, responses=documented(NotFound))
async def get_handoff(caller: Reader, database: AppDatabase, handoff_id: UUID) -> Response:
    """Read a hand-off."""
    async with database.look(caller) as tx:
        row = await read_handoff(tx, handoff_id)
    return item_response(schemas.Handoff, row)


@handoffs.post(
    "/handoffs/{handoff_id}/acceptance",
    response_model=schemas.Handoff,
    responses=documented(NotFound, HandoffAlreadyDecided, PreconditionFailed),
)
async def accept_handoff(
    caller: Writer, database: AppDatabase, handoff_id: UUID, body: schemas.HandoffDecision, expected: ExpectedVersion
) -> Response:
    """Accept an account that was handed to you; its owner stays until somebody gives it to you."""
    async with database.begin(caller) as tx:
        row = await decide_handoff(tx, handoff_id, schemas.HandoffStatus.ACCEPTED, body.note, expected)
    return item_response(schemas.Handoff, row)


@handoffs.post(
    "/handoffs/{handoff_id}/rejection",
    response_model=schemas.Handoff,
    responses=documented(NotFound, HandoffAlreadyDecided, PreconditionFailed),
)
async def reject_handoff(
    caller: Writer, database: AppDatabase, handoff_id: UUID, body: schemas.HandoffDecision, expected: ExpectedVersion
) -> Response:
    """Reject an account that was handed to you."""
    async with database.begin(caller) as tx:
        row = await decide_handoff(tx, handoff_id, schemas.HandoffStatus.REJECTED, body.note, expected)
    return item_response(schemas.Handoff, row)
