"""`/v1/team-targets`."""

from typing import Annotated
from uuid import UUID

from fastapi import Body, Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, json_response, page_response
from app.core.routing import router
from app.people.authentication import Permission
from app.people.permissions import scope
from app.team_targets import queries, schemas, writing
from app.team_targets.aggregate import read_target
from app.team_targets.allocations import TargetOfPerson, read_allocations, replace_allocations
from app.team_targets.attainment import list_credits, measure
from app.team_targets.authority import READ, WRITE

team_targets = router("team-targets")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission(WRITE))]


@team_targets.get("/team-targets", response_model=schemas.TeamTargetPage, responses=documented())
async def list_team_targets(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.TeamTargetQuery, Query()]
) -> Response:
    """List targets of your teams and your own, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.target_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.TeamTargetPage, page.rows, page.next_cursor)


@team_targets.post(
    "/team-targets", status_code=201, response_model=schemas.TeamTarget, responses=documented(AlreadyExists)
)
async def create_team_target(caller: Writer, database: AppDatabase, body: schemas.TeamTargetCreate) -> Response:
    """Set a target for a team, or for a person in it; one for each metric and period."""
    async with database.begin(caller) as tx:
        row = await writing.set_target(tx, body.model_dump())
    return item_response(schemas.TeamTarget, row, status=201)


@team_targets.get("/team-targets/{target_id}", response_model=schemas.TeamTarget, responses=documented(NotFound))
async def get_team_target(caller: Reader, database: AppDatabase, target_id: UUID) -> Response:
    """Read a target."""
    async with database.look(caller) as tx:
        row = await read_target(tx, target_id)
    return item_response(schemas.TeamTarget, row)


@team_targets.patch(
    "/team-targets/{target_id}",
    response_model=schemas.TeamTarget,
    responses=documented(NotFound, PreconditionFailed),
)
async def update_team_target(
    caller: Writer, database: AppDatabase, target_id: UUID, body: schemas.TeamTargetPatch, expected: ExpectedVersion
) -> Response:
    """Change a target's value; its allocations stay as they are."""
    async with database.begin(caller) as tx:
        row = await writing.change_target(tx, target_id, body.target_value, expected)
    return item_response(schemas.TeamTarget, row)


@team_targets.delete("/team-targets/{target_id}", status_code=204, responses=documented(NotFound, PreconditionFailed))
async def delete_team_target(
    caller: Writer, database: AppDatabase, target_id: UUID, expected: ExpectedVersion
) -> Response:
    """Delete a target with its allocations."""
    async with database.begin(caller) as tx:
        await writing.delete_target(tx, target_id, expected)
    return Response(status_code=204)


@team_targets.get(
    "/team-targets/{target_id}/allocations",
    response_model=schemas.TeamTargetAllocations,
    responses=documented(NotFound),
)
async def get_team_target_allocations(caller: Reader, database: AppDatabase, target_id: UUID) -> Response:
    """Read how a team's target is allocated, and how the shares add up."""
    async with database.look(caller) as tx:
        found = await read_allocations(tx, target_id)
    return item_response(schemas.TeamTargetAllocations, found.model_dump())


@team_targets.put(
    "/team-targets/{target_id}/allocations",
    response_model=schemas.TeamTargetAllocations,
    responses=documented(NotFound, TargetOfPerson, PreconditionFailed),
)
async def replace_team_target_allocations(
    caller: Writer,
    database: AppDatabase,
    target_id: UUID,
    body: Annotated[list[schemas.TeamTargetAllocationReplace], Body(max_length=500)],
    expected: ExpectedVersion,
) -> Response:
    """Replace all allocations: shares of the team's members and of the teams directly below it."""
    async with database.begin(caller) as tx:
        allocated = await replace_allocations(tx, target_id, [share.model_dump() for share in body], expected)
    return item_response(schemas.TeamTargetAllocations, allocated.model_dump())


@team_targets.get(
    "/team-targets/{target_id}/attainment", response_model=schemas.Attainment, responses=documented(NotFound)
)
async def get_team_target_attainment(caller: Reader, database: AppDatabase, target_id: UUID) -> Response:
    """Measure what has been attained so far, and whether that keeps pace with the elapsed business days."""
    async with database.look(caller) as tx:
        attained = await measure(tx, target_id)
    return json_response(attained)


@team_targets.get(
    "/team-targets/{target_id}/attainment/deals",
    response_model=schemas.TeamTargetCreditPage,
    responses=documented(NotFound),
)
async def list_team_target_attainment_deals(
    caller: Reader,
    database: AppDatabase,
    target_id: UUID,
    query: Annotated[schemas.TeamTargetCreditQuery, Query()],
) -> Response:
    """List the credited records: deals, or leads and activities for the metrics that count those."""
    async with database.look(caller) as tx:
        page = await list_credits(tx, target_id, query)
    return page_response(schemas.TeamTargetCreditPage, page.rows, page.next_cursor)
