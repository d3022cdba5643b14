"""`/v1/products`: reference data; every position reads it, operations write it."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.database import new_id
from app.core.dependencies import AppDatabase
from app.core.problems import AlreadyExists, NotFound, PreconditionFailed, documented
from app.core.resource import ExpectedVersion, item_response, page_response
from app.core.routing import router
from app.people.authentication import Permission
from app.products import queries, schemas
from app.products.writing import change_product, read_product

products = router("products")

Reader = Annotated[Caller, Depends(Permission("products.read"))]
Writer = Annotated[Caller, Depends(Permission("products.write"))]


@products.get("/products", response_model=schemas.ProductPage, responses=documented())
async def list_products(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ProductQuery, Query()]
) -> Response:
    """List products, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.product_listing.page(tx, query)
    return page_response(schemas.ProductPage, page.rows, page.next_cursor)


@products.post("/products", status_code=201, response_model=schemas.Product, responses=documented(AlreadyExists))
async def create_product(caller: Writer, database: AppDatabase, body: schemas.ProductCreate) -> Response:
    """Create a product; its name is unique."""
    async with database.begin(caller) as tx:
        row = await tx.fetch_row(queries.insert_product, id=new_id(), **body.model_dump())
    return item_response(schemas.Product, row, status=201)


@products.get("/products/{product_id}", response_model=schemas.Product, responses=documented(NotFound))
async def get_product(caller: Reader, database: AppDatabase, product_id: UUID) -> Response:
    """Read a product."""
    async with database.look(caller) as tx:
        row = await read_product(tx, product_id)
    return item_response(schemas.Product, row)


@products.patch(
    "/products/{product_id}",
    response_model=schemas.Product,
    responses=documented(NotFound, AlreadyExists, PreconditionFailed),
)
async def update_product(
    caller: Writer, database: AppDatabase, product_id: UUID, body: schemas.ProductPatch, expected: ExpectedVersion
) -> Response:
    """Change the fields that are sent; line items keep the price they were made with."""
    async with database.begin(caller) as tx:
        row = await change_product(tx, product_id, body.changes(), expected)
    return item_response(schemas.Product, row)
