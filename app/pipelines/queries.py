"""Pipelines by organization; definitions are immutable, so a process keeps those it has read."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Row, Statement, Transaction
from app.core.pagination import Listing, equals
from app.core.problems import Invalid
from app.core.writes import Update, find_row
from app.people.scoping import in_organization
from app.pipelines.tables import pipeline_versions, pipelines
from app.workflow.pipeline import PipelineDefinition, Subject


@dataclass(frozen=True, slots=True)
class PinnedPipeline:
    """A version of a pipeline, as a lead or a deal is opened under it."""

    pipeline_id: UUID
    version: int
    definition: PipelineDefinition


_find = sa.select(pipelines.c.id, pipelines.c.current_version).where(
    in_organization(pipelines), pipelines.c.subject == bindparam("subject")
)
_find_default = Statement(_find.where(pipelines.c.is_default))
_find_by_id = Statement(_find.where(pipelines.c.id == bindparam("id")))

find_pipeline = find_row(pipelines)
update_pipeline = Update(pipelines)
pipeline_listing = Listing(
    base=sa.select(pipelines).where(in_organization(pipelines)),
    id_column=pipelines.c.id,
    sorts={"created_at": pipelines.c.created_at, "updated_at": pipelines.c.updated_at, "name": pipelines.c.name},
    filters={"subject": equals(pipelines.c.subject), "is_default": equals(pipelines.c.is_default)},
)

_versions = sa.select(pipeline_versions).where(
    in_organization(pipeline_versions),
    pipeline_versions.c.pipeline_id == bindparam("pipeline_id", type_=sa.Uuid),
)
find_version = Statement(_versions.where(pipeline_versions.c.number == bindparam("number", type_=sa.Integer)))
version_listing = Listing(
    base=_versions,
    id_column=pipeline_versions.c.number,
    sorts={"number": pipeline_versions.c.number, "published_at": pipeline_versions.c.published_at},
)

_find_definition = Statement(
    sa.select(pipeline_versions.c.definition).where(
        in_organization(pipeline_versions),
        pipeline_versions.c.pipeline_id == bindparam("pipeline_id"),
        pipeline_versions.c.number == bindparam("number"),
    )
)

_insert_pipeline = Statement(
    insert(pipelines)
    .values(
        organization_id=bindparam("organization_id"),
        id=bindparam("id"),
        subject=bindparam("subject"),
        name=bindparam("name"),
        is_default=bindparam("is_default"),
    )
    .returning(pipelines)
)

_insert_version = Statement(
    insert(pipeline_versions)
    .values(
        organization_id=bindparam("organization_id"),
        pipeline_id=bindparam("pipeline_id"),
        number=bindparam("number"),
        definition=bindparam("definition"),
        published_by=bindparam("published_by"),
    )
    .returning(pipeline_versions)
)

_definitions: dict[tuple[UUID, UUID, int], PipelineDefinition] = {}
_MOST_DEFINITIONS = 1_000


async def current_pipeline(tx: Transaction, subject: Subject, pipeline_id: UUID | None = None) -> PinnedPipeline:
    """The current version of the named pipeline, or of the default one; raises `Invalid` for an unknown id."""
    if pipeline_id is None:
        row = await tx.fetch_one(_find_default, subject=subject)
    else:
        row = await tx.fetch_one(_find_by_id, subject=subject, id=pipeline_id)
    if row is None:
        raise Invalid.at("/pipeline_id", "unknown_reference", f"There is no such pipeline for a {subject}.")
    definition = await definition_of(tx, row["id"], row["current_version"])
    return PinnedPipeline(row["id"], row["current_version"], definition)


async def definition_of(tx: Transaction, pipeline_id: UUID, number: int) -> PipelineDefinition:
    """The definition of one version, which must exist."""
    key = (tx.caller.organization_id, pipeline_id, number)
    definition = _definitions.get(key)
    if definition is None:
        value = await tx.fetch_value(_find_definition, pipeline_id=pipeline_id, number=number)
        definition = PipelineDefinition.model_validate(value, strict=False)
        if len(_definitions) >= _MOST_DEFINITIONS:
            _definitions.clear()
        _definitions[key] = definition
    return definition


async def insert_version(tx: Transaction, pipeline: PinnedPipeline, published_by: UUID | None) -> Row:
    """Write a version; it never changes afterwards."""
    return await tx.fetch_row(
        _insert_version,
        pipeline_id=pipeline.pipeline_id,
        number=pipeline.version,
        definition=pipeline.definition.model_dump(mode="json"),
        published_by=published_by,
    )


async def insert_pipeline(
    tx: Transaction, pipeline: PinnedPipeline, *, name: str, is_default: bool, published_by: UUID | None
) -> Row:
    """Write a pipeline with its first version."""
    row = await tx.fetch_row(
        _insert_pipeline,
        id=pipeline.pipeline_id,
        subject=pipeline.definition.subject,
        name=name,
        is_default=is_default,
    )
    await insert_version(tx, pipeline, published_by)
    return row
