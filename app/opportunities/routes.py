"""`/v1/opportunities`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.fields import PathExternalId
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import AskedPrecondition, ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.opportunities import queries, schemas
from app.opportunities.aggregate import read_deal
from app.opportunities.collection import OPPORTUNITIES
from app.opportunities.problems import DealClosed, DealCompleted
from app.opportunities.qualification_schemas import QualificationReplace
from app.opportunities.writing import READ, WRITE, assign_deal, change_deal, open_deal, qualify_deal
from app.people.authentication import Permission
from app.people.permissions import scope
from app.records.batch import batch_response, write_batch
from app.records.upsert import upsert, upsert_answers, upsert_response

opportunities = router("opportunities")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission(WRITE))]


@opportunities.get("/opportunities", response_model=schemas.OpportunityPage, responses=documented())
async def list_opportunities(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.OpportunityQuery, Query()]
) -> Response:
    """List deals, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.opportunity_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.OpportunityPage, page.rows, page.next_cursor)


@opportunities.post(
    "/opportunities", status_code=201, response_model=schemas.Opportunity, responses=documented(AlreadyExists)
)
async def create_opportunity(caller: Writer, database: AppDatabase, body: schemas.OpportunityCreate) -> Response:
    """Open a deal at the first stage of its pipeline; its owner is the caller unless named."""
    async with database.begin(caller) as tx:
        deal = await open_deal(tx, body.model_dump())
    return item_response(schemas.Opportunity, deal.row, status=201)


@opportunities.post(
    "/opportunities/batch",
    response_model=schemas.OpportunityBatch,
    responses=documented(DealClosed, DealCompleted, AlreadyExists),
)
async def create_opportunity_batch(
    caller: Writer, database: AppDatabase, body: schemas.OpportunityBatchCreate
) -> Response:
    """Write up to 200 deals at once, each as in a request of its own, with one result for each in their order.

    With `all_or_nothing` every problem points to its item, as `/items/3/email`, and nothing is written. With `per_item`
    the answer is 200 whatever became of the items: look at the `status` of each.
    """
    async with database.begin(caller) as tx:
        outcomes = await write_batch(tx, OPPORTUNITIES, body)
    return batch_response(schemas.OpportunityBatch, OPPORTUNITIES, outcomes)


@opportunities.put(
    "/opportunities/by-external-id/{external_id:path}",
    response_model=schemas.Opportunity,
    responses=upsert_answers(schemas.Opportunity, DealClosed, DealCompleted),
)
async def upsert_opportunity(
    caller: Writer,
    database: AppDatabase,
    external_id: PathExternalId,
    body: schemas.OpportunityCreate,
    precondition: AskedPrecondition,
) -> Response:
    """Create a deal with this external id, as POST does, or change the one that has it, as PATCH does.

    Of a deal that is there, the fields that are sent change; `owner_id` and `pipeline_id` count only for a new one.
    Repeated, or sent twice at once, it has one effect: where nothing differs, the version stays and nothing is
    published.
    """
    async with database.begin(caller) as tx:
        written = await upsert(tx, OPPORTUNITIES, external_id, body, precondition)
    return upsert_response(schemas.Opportunity, OPPORTUNITIES, written)


@opportunities.get(
    "/opportunities/{opportunity_id}", response_model=schemas.Opportunity, responses=documented(NotFound)
)
async def get_opportunity(caller: Reader, database: AppDatabase, opportunity_id: UUID) -> Response:
    """Read a deal."""
    async with database.look(caller) as tx:
        row = await read_deal(tx, opportunity_id, read=READ)
    return item_response(schemas.Opportunity, row)


@opportunities.patch(
    "/opportunities/{opportunity_id}",
    response_model=schemas.Opportunity,
    responses=documented(NotFound, DealClosed, DealCompleted, AlreadyExists, PreconditionFailed),
)
async def update_opportunity(
    caller: Writer,
    database: AppDatabase,
    opportunity_id: UUID,
    body: schemas.OpportunityPatch,
    expected: ExpectedVersion,
) -> Response:
    """Change the fields that are sent; the owner changes by assignment, the stage by transitions."""
    async with database.begin(caller) as tx:
        row = await change_deal(tx, opportunity_id, body.changes(), expected)
    return item_response(schemas.Opportunity, row)


@opportunities.put(
    "/opportunities/{opportunity_id}/qualification",
    response_model=schemas.Opportunity,
    responses=documented(NotFound, DealCompleted, PreconditionFailed),
)
async def replace_opportunity_qualification(
    caller: Writer,
    database: AppDatabase,
    opportunity_id: UUID,
    body: QualificationReplace,
    expected: ExpectedVersion,
) -> Response:
    """Record need, budget, timeline and decision process; what is not sent is cleared."""
    async with database.begin(caller) as tx:
        row = await qualify_deal(tx, opportunity_id, body.model_dump(), expected)
    return item_response(schemas.Opportunity, row)


@opportunities.post(
    "/opportunities/{opportunity_id}/assignment",
    response_model=schemas.Opportunity,
    responses=documented(NotFound, DealCompleted, PreconditionFailed),
)
async def create_opportunity_assignment(
    caller: Writer,
    database: AppDatabase,
    opportunity_id: UUID,
    body: schemas.OpportunityAssignment,
    expected: ExpectedVersion,
) -> Response:
    """Give a deal to another owner; it then counts for the owner's team."""
    async with database.begin(caller) as tx:
        row = await assign_deal(tx, opportunity_id, body.owner_id, expected)
    return item_response(schemas.Opportunity, row)
