"""`/v1/satisfaction-surveys`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import NotFound, documented
from app.core.resource import item_response, page_response
from app.core.routing import router
from app.follow_up import queries, schemas
from app.follow_up.writing import READ, record_satisfaction
from app.opportunities.problems import DealCompleted
from app.people.authentication import Permission
from app.people.permissions import demand_record, scope

surveys = router("follow-up")

Reader = Annotated[Caller, Depends(Permission(READ))]
Writer = Annotated[Caller, Depends(Permission("satisfaction.write"))]


@surveys.get("/satisfaction-surveys", response_model=schemas.SatisfactionSurveyPage, responses=documented())
async def list_satisfaction_surveys(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.SatisfactionSurveyQuery, Query()]
) -> Response:
    """List satisfaction surveys, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.survey_listing.page(tx, query, **scope(caller, READ))
    return page_response(schemas.SatisfactionSurveyPage, page.rows, page.next_cursor)


@surveys.post(
    "/satisfaction-surveys",
    status_code=201,
    response_model=schemas.SatisfactionSurvey,
    responses=documented(NotFound, DealCompleted),
)
async def create_satisfaction_survey(
    caller: Writer, database: AppDatabase, body: schemas.SatisfactionSurveyCreate
) -> Response:
    """Record a customer's answer, or an attempt to get one."""
    async with database.begin(caller) as tx:
        row = await record_satisfaction(tx, body.model_dump())
    return item_response(schemas.SatisfactionSurvey, row, status=201)


@surveys.get(
    "/satisfaction-surveys/{satisfaction_survey_id}",
    response_model=schemas.SatisfactionSurvey,
    responses=documented(NotFound),
)
async def get_satisfaction_survey(caller: Reader, database: AppDatabase, satisfaction_survey_id: UUID) -> Response:
    """Read a satisfaction survey."""
    async with database.look(caller) as tx:
        row = demand_record(caller, READ, None, await tx.fetch_one(queries.find_survey, id=satisfaction_survey_id))
    return item_response(schemas.SatisfactionSurvey, row)
