"""`/v1/activities`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.activities import queries, schemas, writing
from app.activities.problems import ActivityCompleted, LeadDisqualified
from app.activities.writing import READ, WRITE
from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.opportunities.problems import DealCompleted
from app.people.authentication import Permission
from app.people.permissions import demand_record, scope

activities = router("activities")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission(WRITE))]


@activities.get("/activities", response_model=schemas.ActivityPage, responses=documented())
async def list_activities(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ActivityQuery, Query()]
) -> Response:
    """List activities, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.activity_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.ActivityPage, page.rows, page.next_cursor)


@activities.post(
    "/activities",
    status_code=201,
    response_model=schemas.Activity,
    responses=documented(AlreadyExists, DealCompleted, LeadDisqualified),
)
async def create_activity(caller: Writer, database: AppDatabase, body: schemas.ActivityCreate) -> Response:
    """Plan an activity, or record one that was held; its owner is the caller unless named."""
    async with database.begin(caller) as tx:
        row = await writing.add(tx, body)
    return item_response(schemas.Activity, row, status=201)


@activities.get("/activities/{activity_id}", response_model=schemas.Activity, responses=documented(NotFound))
async def get_activity(caller: Reader, database: AppDatabase, activity_id: UUID) -> Response:
    """Read an activity."""
    async with database.look(caller) as tx:
        row = await tx.fetch_one(queries.find_activity, id=activity_id)
    return item_response(schemas.Activity, demand_record(caller, READ, None, row))


@activities.patch(
    "/activities/{activity_id}",
    response_model=schemas.Activity,
    responses=documented(NotFound, AlreadyExists, PreconditionFailed),
)
async def update_activity(
    caller: Writer, database: AppDatabase, activity_id: UUID, body: schemas.ActivityPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent; the status changes by completion only."""
    async with database.begin(caller) as tx:
        row = await writing.change(tx, activity_id, body.changes(), expected)
    return item_response(schemas.Activity, row)


@activities.post(
    "/activities/{activity_id}/completion",
    response_model=schemas.Activity,
    responses=documented(NotFound, ActivityCompleted, PreconditionFailed),
)
async def complete_activity(
    caller: Writer,
    database: AppDatabase,
    activity_id: UUID,
    body: schemas.ActivityCompletion,
    expected: ExpectedVersion,
) -> Response:
    """Record what became of a planned activity: held, nobody came, or cancelled."""
    async with database.begin(caller) as tx:
        row = await writing.complete(tx, activity_id, body, expected)
    return item_response(schemas.Activity, row)
