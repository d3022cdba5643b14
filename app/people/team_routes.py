"""`/v1/teams`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.people import queries, schemas, staffing
from app.people.authentication import Permission
from app.people.permissions import demand_found

teams = router("people")

Reader = Annotated[Caller, Depends(Permission("people.read"))]
Writer = Annotated[Caller, Depends(Permission("people.write"))]


@teams.get("/teams", response_model=schemas.TeamPage, responses=documented())
async def list_teams(caller: Reader, database: AppDatabase, query: Annotated[schemas.TeamQuery, Query()]) -> Response:
    """List teams, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.team_listing.page(tx, query)
    return page_response(schemas.TeamPage, page.rows, page.next_cursor)


@teams.post("/teams", status_code=201, response_model=schemas.Team, responses=documented(AlreadyExists))
async def create_team(caller: Writer, database: AppDatabase, body: schemas.TeamCreate) -> Response:
    """Add a team to the tree."""
    async with database.begin(caller) as tx:
        row = await staffing.create_team(tx, body.model_dump())
    return item_response(schemas.Team, row, status=201)


@teams.get("/teams/{team_id}", response_model=schemas.Team, responses=documented(NotFound))
async def get_team(caller: Reader, database: AppDatabase, team_id: UUID) -> Response:
    """Read a team."""
    async with database.look(caller) as tx:
        row = await tx.fetch_one(queries.find_team, id=team_id)
    return item_response(schemas.Team, demand_found(row))


@teams.patch(
    "/teams/{team_id}",
    response_model=schemas.Team,
    responses=documented(NotFound, AlreadyExists, staffing.TeamCycle, PreconditionFailed),
)
async def update_team(
    caller: Writer, database: AppDatabase, team_id: UUID, body: schemas.TeamPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent; a team cannot come to stand below itself."""
    async with database.begin(caller) as tx:
        row = await staffing.change_team(tx, team_id, body.changes(), expected)
    return item_response(schemas.Team, row)
