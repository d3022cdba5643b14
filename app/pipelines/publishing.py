"""Publishing pipelines and their next versions; deals and leads that run keep the version they are pinned to."""

from uuid import UUID

from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.problems import Invalid, NotFound
from app.outbox.event import Event, Routing
from app.outbox.event import Subject as EventSubject
from app.outbox.record import lock, record, start
from app.pipelines import queries
from app.pipelines.queries import PinnedPipeline
from app.pipelines.schemas import PipelineInFull
from app.workflow.pipeline import PipelineDefinition, Subject


async def create_pipeline(
    tx: Transaction, name: str, subject: Subject, definition: PipelineDefinition
) -> PipelineInFull:
    """Write a pipeline with version 1; raises `Invalid` when the definition is for another subject."""
    _demand_subject(definition, subject)
    pinned = PinnedPipeline(new_id(), 1, definition)
    event_subject = await start(tx, "pipeline", pinned.pipeline_id)
    row = await queries.insert_pipeline(tx, pinned, name=name, is_default=False, published_by=tx.caller.user_id)
    return await _publish(tx, event_subject, _in_full(row, definition), None)


async def publish_version(tx: Transaction, pipeline_id: UUID, definition: PipelineDefinition) -> Row:
    """Write the next version and make it the current one; raises `NotFound` and `Invalid`."""
    event_subject = await lock(tx, pipeline_id)
    pipeline = await tx.fetch_one(queries.find_pipeline, id=pipeline_id)
    if event_subject is None or pipeline is None:
        raise NotFound
    _demand_subject(definition, pipeline["subject"])
    old = _in_full(pipeline, await queries.definition_of(tx, pipeline_id, pipeline["current_version"]))
    pinned = PinnedPipeline(pipeline_id, pipeline["current_version"] + 1, definition)
    version = await queries.insert_version(tx, pinned, tx.caller.user_id)
    values = {"current_version": pinned.version}
    row = await tx.fetch_row(queries.update_pipeline.of(values), id=pipeline_id, **values)
    await _publish(tx, event_subject, _in_full(row, definition), old)
    return version


async def read_pipeline(tx: Transaction, pipeline_id: UUID) -> PipelineInFull:
    """Read a pipeline with its current definition; raises `NotFound`."""
    row = await tx.fetch_one(queries.find_pipeline, id=pipeline_id)
    if row is None:
        raise NotFound
    return _in_full(row, await queries.definition_of(tx, row["id"], row["current_version"]))


def _demand_subject(definition: PipelineDefinition, subject: str) -> None:
    if definition.subject != subject:
        raise Invalid.at("/definition/subject", "other_subject", "The pipeline is for another subject.")


async def _publish(
    tx: Transaction, subject: EventSubject, pipeline: PipelineInFull, old: PipelineInFull | None
) -> PipelineInFull:
    payload = pipeline.model_dump(mode="json")
    event = Event(
        type="pipeline.published",
        object=payload,
        before=before(old.model_dump(mode="json"), payload) if old is not None else {},
        routing=Routing(pipeline_id=pipeline.id),
    )
    await record(tx, subject, event)
    return pipeline


def _in_full(row: Row, definition: PipelineDefinition) -> PipelineInFull:
    return PipelineInFull.model_validate({**row, "definition": definition})
