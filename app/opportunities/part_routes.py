"""Contact roles, line items and objections."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.pagination import PageQuery
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, json_response, page_response
from app.core.routing import router
from app.opportunities import contact_roles, line_items, objections, part_queries
from app.opportunities import part_schemas as schemas
from app.opportunities.aggregate import read_deal
from app.opportunities.problems import DealCompleted, ObjectionResolved
from app.opportunities.writing import READ, WRITE
from app.people.authentication import Permission
from app.people.permissions import scope

opportunity_parts = router("opportunities")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission(WRITE))]
Objector = Annotated[Caller, Depends(Permission("objections.write"))]


@opportunity_parts.get(
    "/opportunities/{opportunity_id}/contact-roles",
    response_model=schemas.OpportunityContactRolePage,
    responses=documented(NotFound),
)
async def list_opportunity_contact_roles(
    caller: Reader, database: AppDatabase, opportunity_id: UUID, query: Annotated[PageQuery, Query()]
) -> Response:
    """List who plays which part in a deal."""
    async with database.look(caller) as tx:
        await read_deal(tx, opportunity_id, read=READ)
        page = await part_queries.contact_role_listing.page(tx, query, opportunity_id=opportunity_id)
    return page_response(schemas.OpportunityContactRolePage, page.rows, page.next_cursor)


@opportunity_parts.post(
    "/opportunities/{opportunity_id}/contact-roles",
    status_code=201,
    response_model=schemas.OpportunityContactRole,
    responses=documented(NotFound, AlreadyExists, DealCompleted),
)
async def create_opportunity_contact_role(
    caller: Writer, database: AppDatabase, opportunity_id: UUID, body: schemas.OpportunityContactRoleCreate
) -> Response:
    """Link a contact to a deal in a role."""
    async with database.begin(caller) as tx:
        row = await contact_roles.add_contact_role(tx, opportunity_id, body.model_dump())
    return item_response(schemas.OpportunityContactRole, row, status=201)


@opportunity_parts.get(
    "/opportunities/{opportunity_id}/contact-roles/{role_id}",
    response_model=schemas.OpportunityContactRole,
    responses=documented(NotFound),
)
async def get_opportunity_contact_role(
    caller: Reader, database: AppDatabase, opportunity_id: UUID, role_id: UUID
) -> Response:
    """Read who plays this part in a deal."""
    async with database.begin(caller) as tx:
        row = await contact_roles.read_contact_role(tx, opportunity_id, role_id)
    return item_response(schemas.OpportunityContactRole, row)


@opportunity_parts.delete(
    "/opportunities/{opportunity_id}/contact-roles/{role_id}",
    status_code=204,
    responses=documented(NotFound, DealCompleted, PreconditionFailed),
)
async def delete_opportunity_contact_role(
    caller: Writer, database: AppDatabase, opportunity_id: UUID, role_id: UUID, expected: ExpectedVersion
) -> Response:
    """Unlink a contact from a deal."""
    async with database.begin(caller) as tx:
        await contact_roles.remove_contact_role(tx, opportunity_id, role_id, expected)
    return Response(status_code=204)


@opportunity_parts.get(
    "/opportunities/{opportunity_id}/line-items", response_model=schemas.LineItemPage, responses=documented(NotFound)
)
async def list_opportunity_line_items(
    caller: Reader, database: AppDatabase, opportunity_id: UUID, query: Annotated[PageQuery, Query()]
) -> Response:
    """List the products in a deal, with what they add up to."""
    async with database.look(caller) as tx:
        page = await line_items.read_line_items(tx, opportunity_id, query)
    return json_response(page)


@opportunity_parts.post(
    "/opportunities/{opportunity_id}/line-items",
    status_code=201,
    response_model=schemas.LineItem,
    responses=documented(NotFound, DealCompleted),
)
async def create_opportunity_line_item(
    caller: Writer, database: AppDatabase, opportunity_id: UUID, body: schemas.LineItemCreate
) -> Response:
    """Put a product into a deal; its price is the product's unless sent."""
    async with database.begin(caller) as tx:
        row = await line_items.add_line_item(tx, opportunity_id, body.model_dump())
    return item_response(schemas.LineItem, line_items.with_total(row), status=201)


@opportunity_parts.get(
    "/opportunities/{opportunity_id}/line-items/{line_item_id}",
    response_model=schemas.LineItem,
    responses=documented(NotFound),
)
async def get_opportunity_line_item(
    caller: Reader, database: AppDatabase, opportunity_id: UUID, line_item_id: UUID
) -> Response:
    """Read a product in a deal."""
    async with database.begin(caller) as tx:
        row = await line_items.read_line_item(tx, (opportunity_id, line_item_id))
    return item_response(schemas.LineItem, line_items.with_total(row))


@opportunity_parts.patch(
    "/opportunities/{opportunity_id}/line-items/{line_item_id}",
    response_model=schemas.LineItem,
    responses=documented(NotFound, DealCompleted, PreconditionFailed),
)
async def update_opportunity_line_item(
    caller: Writer,
    database: AppDatabase,
    opportunity_id: UUID,
    line_item_id: UUID,
    body: schemas.LineItemPatch,
    expected: ExpectedVersion,
) -> Response:
    """Change the fields that are sent."""
    async with database.begin(caller) as tx:
        row = await line_items.change_line_item(tx, (opportunity_id, line_item_id), body.changes(), expected)
    return item_response(schemas.LineItem, line_items.with_total(row))


@opportunity_parts.delete(
    "/opportunities/{opportunity_id}/line-items/{line_item_id}",
    status_code=204,
    responses=documented(NotFound, DealCompleted, PreconditionFailed),
)
async def delete_opportunity_line_item(
    caller: Writer, database: AppDatabase, opportunity_id: UUID, line_item_id: UUID, expected: ExpectedVersion
) -> Response:
    """Take a product out of a deal."""
    async with database.begin(caller) as tx:
        await line_items.remove_line_item(tx, (opportunity_id, line_item_id), expected)
    return Response(status_code=204)


@opportunity_parts.get("/objections", response_model=schemas.ObjectionPage, responses=documented())
async def list_objections(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ObjectionQuery, Query()]
) -> Response:
    """List objections of the deals within reach."""
    async with database.look(caller) as tx:
        page = await part_queries.objection_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.ObjectionPage, page.rows, page.next_cursor)


@opportunity_parts.post(
    "/objections", status_code=201, response_model=schemas.Objection, responses=documented(NotFound, DealCompleted)
)
async def create_objection(caller: Objector, database: AppDatabase, body: schemas.ObjectionCreate) -> Response:
    """Record what the customer objects to."""
    async with database.begin(caller) as tx:
        row = await objections.raise_objection(tx, body.opportunity_id, body.summary)
    return item_response(schemas.Objection, row, status=201)


@opportunity_parts.get("/objections/{objection_id}", response_model=schemas.Objection, responses=documented(NotFound))
async def get_objection(caller: Reader, database: AppDatabase, objection_id: UUID) -> Response:
    """Read an objection."""
    async with database.look(caller) as tx:
        row = await objections.read_objection(tx, objection_id)
    return item_response(schemas.Objection, row)


@opportunity_parts.post(
    "/objections/{objection_id}/resolution",
    response_model=schemas.Objection,
    responses=documented(NotFound, ObjectionResolved, DealCompleted, PreconditionFailed),
)
async def create_objection_resolution(
    caller: Objector,
    database: AppDatabase,
    objection_id: UUID,
    body: schemas.ObjectionResolution,
    expected: ExpectedVersion,
) -> Response:
    """Record how an objection was answered."""
    async with database.begin(caller) as tx:
        row = await objections.resolve_objection(tx, objection_id, body.resolution, expected)
    return item_response(schemas.Objection, row)
