"""`/v1/users`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.people import queries, schemas
from app.people.authentication import Permission
from app.people.permissions import demand_found
from app.people.staffing import LastOperationsManager, change_user, hire

users = router("people")

Reader = Annotated[Caller, Depends(Permission("people.read"))]
Writer = Annotated[Caller, Depends(Permission("people.write"))]


@users.get("/users", response_model=schemas.UserPage, responses=documented())
async def list_users(caller: Reader, database: AppDatabase, query: Annotated[schemas.UserQuery, Query()]) -> Response:
    """List users, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.user_listing.page(tx, query)
    return page_response(schemas.UserPage, page.rows, page.next_cursor)


@users.post("/users", status_code=201, response_model=schemas.User, responses=documented(AlreadyExists))
async def create_user(caller: Writer, database: AppDatabase, body: schemas.UserCreate) -> Response:
    """Add a person to the department; a key is given with `POST /v1/api-keys`."""
    async with database.begin(caller) as tx:
        row = await hire(tx, body.model_dump())
    return item_response(schemas.User, row, status=201)


@users.get("/users/{user_id}", response_model=schemas.User, responses=documented(NotFound))
async def get_user(caller: Reader, database: AppDatabase, user_id: UUID) -> Response:
    """Read a user."""
    async with database.look(caller) as tx:
        row = await tx.fetch_one(queries.find_user, id=user_id)
    return item_response(schemas.User, demand_found(row))


@users.patch(
    "/users/{user_id}",
    response_model=schemas.User,
    responses=documented(NotFound, AlreadyExists, LastOperationsManager, PreconditionFailed),
)
async def update_user(
    caller: Writer, database: AppDatabase, user_id: UUID, body: schemas.UserPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent; a deactivated user's keys stop working within a second."""
    async with database.begin(caller) as tx:
        row = await change_user(tx, user_id, body.changes(), expected)
    return item_response(schemas.User, row)
