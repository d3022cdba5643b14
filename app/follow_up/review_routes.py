"""`/v1/reviews`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, documented
from app.core.resource import item_response, page_response
from app.core.routing import router
from app.follow_up import queries, schemas
from app.follow_up.writing import READ, DealStillOpen, file_review
from app.opportunities.problems import DealCompleted
from app.people.authentication import Permission
from app.people.permissions import demand_record, scope

reviews = router("follow-up")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission("reviews.write"))]


@reviews.get("/reviews", response_model=schemas.ReviewPage, responses=documented())
async def list_reviews(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.ReviewQuery, Query()]
) -> Response:
    """List win/loss reviews, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.review_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.ReviewPage, page.rows, page.next_cursor)


@reviews.post(
    "/reviews",
    status_code=201,
    response_model=schemas.Review,
    responses=documented(NotFound, DealStillOpen, DealCompleted),
)
async def create_review(caller: Writer, database: AppDatabase, body: schemas.ReviewCreate) -> Response:
    """File what was learned from a won or lost deal."""
    async with database.begin(caller) as tx:
        row = await file_review(tx, body.model_dump())
    return item_response(schemas.Review, row, status=201)


@reviews.get("/reviews/{review_id}", response_model=schemas.Review, responses=documented(NotFound))
async def get_review(caller: Reader, database: AppDatabase, review_id: UUID) -> Response:
    """Read a win/loss review."""
    async with database.look(caller) as tx:
        row = demand_record(caller, READ, None, await tx.fetch_one(queries.find_review, id=review_id))
    return item_response(schemas.Review, row)
