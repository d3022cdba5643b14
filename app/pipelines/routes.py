"""`/v1/pipelines`, their versions, and `/v1/loss-reasons`."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Query, Response

from app.core.caller import Caller
from app.core.dependencies import AppDatabase
from app.core.problems import AlreadyExists, NotFound, documented
from app.core.resource import item_response, json_response, page_response
from app.core.routing import router
from app.people.authentication import Permission
from app.people.permissions import demand_found
from app.pipelines import publishing, queries, schemas
from app.workflow.decision import LossReason

pipelines = router("pipelines")

Reader = Annotated[Caller, Depends(Permission("pipelines.read"))]
Writer = Annotated[Caller, Depends(Permission("pipelines.write"))]
ReferenceReader = Annotated[Caller, Depends(Permission("reference.read"))]
Number = Annotated[int, Path(ge=1, le=2_147_483_647)]


@pipelines.get("/pipelines", response_model=schemas.PipelinePage, responses=documented())
async def list_pipelines(
    caller: Reader, database: AppDatabase, query: Annotated[schemas.PipelineQuery, Query()]
) -> Response:
    """List pipelines, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        page = await queries.pipeline_listing.page(tx, query)
    return page_response(schemas.PipelinePage, page.rows, page.next_cursor)


@pipelines.post(
    "/pipelines", status_code=201, response_model=schemas.PipelineInFull, responses=documented(AlreadyExists)
)
async def create_pipeline(caller: Writer, database: AppDatabase, body: schemas.PipelineCreate) -> Response:
    """Publish a new pipeline; its definition is checked as a whole."""
    async with database.begin(caller) as tx:
        pipeline = await publishing.create_pipeline(tx, body.name, body.subject, body.definition)
    return item_response(schemas.PipelineInFull, dict(pipeline), status=201)


@pipelines.get("/pipelines/{pipeline_id}", response_model=schemas.PipelineInFull, responses=documented(NotFound))
async def get_pipeline(caller: Reader, database: AppDatabase, pipeline_id: UUID) -> Response:
    """Read a pipeline with its current definition."""
    async with database.look(caller) as tx:
        pipeline = await publishing.read_pipeline(tx, pipeline_id)
    return item_response(schemas.PipelineInFull, dict(pipeline))


@pipelines.get(
    "/pipelines/{pipeline_id}/versions", response_model=schemas.PipelineVersionPage, responses=documented(NotFound)
)
async def list_pipeline_versions(
    caller: Reader,
    database: AppDatabase,
    pipeline_id: UUID,
    query: Annotated[schemas.PipelineVersionQuery, Query()],
) -> Response:
    """List the versions of a pipeline without their definitions, newest first unless sorted otherwise."""
    async with database.look(caller) as tx:
        demand_found(await tx.fetch_one(queries.find_pipeline, id=pipeline_id))
        page = await queries.version_listing.page(tx, query, pipeline_id=pipeline_id)
    return page_response(schemas.PipelineVersionPage, page.rows, page.next_cursor)


@pipelines.post(
    "/pipelines/{pipeline_id}/versions",
    status_code=201,
    response_model=schemas.PipelineVersionInFull,
    responses=documented(NotFound),
)
async def create_pipeline_version(
    caller: Writer, database: AppDatabase, pipeline_id: UUID, body: schemas.PipelineVersionCreate
) -> Response:
    """Publish the next version; running deals and leads keep the version they were opened under."""
    async with database.begin(caller) as tx:
        row = await publishing.publish_version(tx, pipeline_id, body.definition)
    return item_response(schemas.PipelineVersionInFull, row, status=201, location=str(row["number"]))


@pipelines.get(
    "/pipelines/{pipeline_id}/versions/{number}",
    response_model=schemas.PipelineVersionInFull,
    responses=documented(NotFound),
)
async def get_pipeline_version(caller: Reader, database: AppDatabase, pipeline_id: UUID, number: Number) -> Response:
    """Read one version with its definition."""
    async with database.look(caller) as tx:
        row = await tx.fetch_one(queries.find_version, pipeline_id=pipeline_id, number=number)
    return item_response(schemas.PipelineVersionInFull, demand_found(row))


@pipelines.get("/loss-reasons", response_model=schemas.LossReasonPage, responses=documented())
async def list_loss_reasons(_caller: ReferenceReader) -> Response:
    """List the reasons that a deal can be lost for."""
    items = [
        schemas.LossReasonItem(loss_reason=reason, label=label, needs_reason=reason is LossReason.OTHER)
        for reason, label in schemas.LOSS_REASON_LABELS.items()
    ]
    return json_response(schemas.LossReasonPage(items=items))
