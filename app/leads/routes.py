"""`/v1/leads`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.fields import PathExternalId
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import AskedPrecondition, ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.leads import queries, schemas, writing
from app.leads.aggregate import read_lead
from app.leads.collection import LEADS
from app.leads.duplicates import DuplicateLead
from app.leads.writing import READ, WRITE, LeadClosed
from app.opportunities.qualification_schemas import QualificationReplace
from app.people.authentication import Permission
from app.people.permissions import scope
from app.records.batch import batch_response, write_batch
from app.records.upsert import upsert, upsert_answers, upsert_response

leads = router("leads")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission(WRITE))]


@leads.get("/leads", response_model=schemas.LeadPage, responses=documented())
async def list_leads(caller: Reader, database: AppDatabase, query: Annotated[schemas.LeadQuery, Query()]) -> Response:
    """List leads, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.lead_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.LeadPage, page.rows, page.next_cursor)


@leads.post("/leads", status_code=201, response_model=schemas.Lead, responses=documented(DuplicateLead, AlreadyExists))
async def create_lead(caller: Writer, database: AppDatabase, body: schemas.LeadCreate) -> Response:
    """Create a lead; a second one with the same e-mail is refused with the candidates, unless you insist."""
    async with database.begin(caller) as tx:
        row = await writing.create_lead(tx, body.model_dump())
    return item_response(schemas.Lead, row, status=201)


@leads.post(
    "/leads/batch", response_model=schemas.LeadBatch, responses=documented(LeadClosed, DuplicateLead, AlreadyExists)
)
async def create_lead_batch(caller: Writer, database: AppDatabase, body: schemas.LeadBatchCreate) -> Response:
    """Write up to 200 leads at once, each as in a request of its own, with one result for each in their order.

    With `all_or_nothing` every problem points to its item, as `/items/3/email`, and nothing is written. With `per_item`
    the answer is 200 whatever became of the items: look at the `status` of each.
    """
    async with database.begin(caller) as tx:
        outcomes = await write_batch(tx, LEADS, body)
    return batch_response(schemas.LeadBatch, LEADS, outcomes)


@leads.put(
    "/leads/by-external-id/{external_id:path}",
    response_model=schemas.Lead,
    responses=upsert_answers(schemas.Lead, LeadClosed, DuplicateLead),
)
async def upsert_lead(
    caller: Writer,
    database: AppDatabase,
    external_id: PathExternalId,
    body: schemas.LeadCreate,
    precondition: AskedPrecondition,
) -> Response:
    """Create a lead with this external id, as POST does, or change the one that has it, as PATCH does.

    Of a lead that is there, the fields that are sent change; `owner_id` and `pipeline_id` count only for a new one.
    Repeated, or sent twice at once, it has one effect: where nothing differs, the version stays and nothing is
    published.
    """
    async with database.begin(caller) as tx:
        written = await upsert(tx, LEADS, external_id, body, precondition)
    return upsert_response(schemas.Lead, LEADS, written)


@leads.get("/leads/{lead_id}", response_model=schemas.Lead, responses=documented(NotFound))
async def get_lead(caller: Reader, database: AppDatabase, lead_id: UUID) -> Response:
    """Read a lead."""
    async with database.look(caller) as tx:
        row = await read_lead(tx, lead_id, read=READ)
    return item_response(schemas.Lead, row)


@leads.patch(
    "/leads/{lead_id}",
    response_model=schemas.Lead,
    responses=documented(NotFound, LeadClosed, DuplicateLead, AlreadyExists, PreconditionFailed),
)
async def update_lead(
    caller: Writer, database: AppDatabase, lead_id: UUID, body: schemas.LeadPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent; the owner changes by assignment, the stage by transitions."""
    async with database.begin(caller) as tx:
        row = await writing.change_lead(tx, lead_id, body.changes(), expected)
    return item_response(schemas.Lead, row)


@leads.put(
    "/leads/{lead_id}/qualification",
    response_model=schemas.Lead,
    responses=documented(NotFound, LeadClosed, PreconditionFailed),
)
async def replace_lead_qualification(
    caller: Writer, database: AppDatabase, lead_id: UUID, body: QualificationReplace, expected: ExpectedVersion
) -> Response:
    """Record need, budget, timeline and decision process; what is not sent is cleared."""
    async with database.begin(caller) as tx:
        row = await writing.qualify_lead(tx, lead_id, body.model_dump(), expected)
    return item_response(schemas.Lead, row)


@leads.post(
    "/leads/{lead_id}/assignment",
    response_model=schemas.Lead,
    responses=documented(NotFound, LeadClosed, PreconditionFailed),
)
async def create_lead_assignment(
    caller: Writer, database: AppDatabase, lead_id: UUID, body: schemas.LeadAssignment, expected: ExpectedVersion
) -> Response:
    """Give a lead to another owner; it then counts for the owner's team."""
    async with database.begin(caller) as tx:
        row = await writing.assign_lead(tx, lead_id, body, expected)
    return item_response(schemas.Lead, row)
