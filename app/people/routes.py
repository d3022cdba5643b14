"""`/v1/me`, `/v1/positions`, `/v1/organization`, and all other routes of the people."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, json_response
from app.core.routing import router
from app.people import api_key_routes, queries, schemas, team_routes, user_routes
from app.people.authentication import AnyCaller, Permission
from app.people.me import who_is
from app.people.positions import JOBS, permissions_of
from app.people.staffing import change_organization

Reader = Annotated[Caller, Depends(Permission("reference.read"))]
Writer = Annotated[Caller, Depends(Permission("people.write"))]

_own = router("people")


@_own.get("/me", response_model=schemas.Me, responses=documented())
async def get_me(caller: AnyCaller, database: AppDatabase) -> Response:
    """Tell who you are, in which team and organization, and how far each of your permissions reaches."""
    async with database.look(caller) as tx:
        me = await who_is(tx)
    return json_response(me)


@_own.get("/positions", response_model=schemas.PositionPage, responses=documented())
async def list_positions(_caller: Reader) -> Response:
    """List the positions of a sales department: what each does, and what it may do."""
    items = [
        schemas.PositionItem(
            position=position,
            title=job.title,
            does=job.does,
            typical_target_metric=job.typical_target_metric,
            permissions=permissions_of(position),
        )
        for position, job in JOBS.items()
    ]
    return json_response(schemas.PositionPage(items=items))


@_own.get("/organization", response_model=schemas.Organization, responses=documented())
async def get_organization(caller: Reader, database: AppDatabase) -> Response:
    """Read your organization."""
    async with database.look(caller) as tx:
        row = await tx.fetch_row(queries.find_organization)
    return item_response(schemas.Organization, row)


@_own.patch("/organization", response_model=schemas.Organization, responses=documented(PreconditionFailed))
async def update_organization(
    caller: Writer, database: AppDatabase, body: schemas.OrganizationPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent."""
    async with database.begin(caller) as tx:
        row = await change_organization(tx, body.changes(), expected)
    return item_response(schemas.Organization, row)


people = APIRouter()
for part in (_own, user_routes.users, team_routes.teams, api_key_routes.api_keys):
    people.include_router(part)
