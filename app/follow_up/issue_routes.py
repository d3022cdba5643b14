"""`/v1/issues`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.follow_up import queries, schemas, writing
from app.follow_up.writing import READ, IssueAlreadyResolved
from app.opportunities.problems import DealCompleted
from app.people.authentication import Permission
from app.people.permissions import demand_record, scope

issues = router("follow-up")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission("issues.write"))]


@issues.get("/issues", response_model=schemas.IssuePage, responses=documented())
async def list_issues(caller: Reader, database: AppDatabase, query: Annotated[schemas.IssueQuery, Query()]) -> Response:
    """List customer issues, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.issue_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.IssuePage, page.rows, page.next_cursor)


@issues.post("/issues", status_code=201, response_model=schemas.Issue, responses=documented(NotFound, DealCompleted))
async def create_issue(caller: Writer, database: AppDatabase, body: schemas.IssueCreate) -> Response:
    """Open a customer's issue; the deal's follow-up does not end before it is resolved."""
    async with database.begin(caller) as tx:
        row = await writing.open_issue(tx, body.model_dump())
    return item_response(schemas.Issue, row, status=201)


@issues.get("/issues/{issue_id}", response_model=schemas.Issue, responses=documented(NotFound))
async def get_issue(caller: Reader, database: AppDatabase, issue_id: UUID) -> Response:
    """Read a customer issue."""
    async with database.look(caller) as tx:
        row = demand_record(caller, READ, None, await tx.fetch_one(queries.find_issue, id=issue_id))
    return item_response(schemas.Issue, row)


@issues.post(
    "/issues/{issue_id}/resolution",
    response_model=schemas.Issue,
    responses=documented(NotFound, IssueAlreadyResolved, PreconditionFailed),
)
async def resolve_issue(
    caller: Writer, database: AppDatabase, issue_id: UUID, body: schemas.IssueResolution, expected: ExpectedVersion
) -> Response:
    """Resolve an issue and say how."""
    async with database.begin(caller) as tx:
        row = await writing.resolve_issue(tx, issue_id, body.resolution, expected)
    return item_response(schemas.Issue, row)
