"""Pipelines, their versions and the loss reasons as they are sent and read."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.fields import Name
from app.core.pagination import PageQuery
from app.core.resource import Body, Item
from app.workflow.decision import LossReason
from app.workflow.pipeline import PipelineDefinition, Subject


class PipelineCreate(Body):
    """A new pipeline with its first version; `definition.subject` repeats `subject`."""

    name: Name
    subject: Subject
    definition: PipelineDefinition


class PipelineVersionCreate(Body):
    """The next version of a pipeline."""

    definition: PipelineDefinition


class Pipeline(Item):
    """A pipeline; new leads or deals are opened under its current version."""

    name: str
    subject: Subject
    is_default: bool
    current_version: int


class PipelineInFull(Pipeline):
    """A pipeline with its current definition."""

    definition: PipelineDefinition


class PipelinePage(BaseModel):
    """A page of pipelines."""

    items: list[Pipeline]
    next_cursor: str | None


class PipelineQuery(PageQuery):
    """Filters of the list of pipelines."""

    subject: Subject | None = None
    is_default: bool | None = None


class PipelineVersion(BaseModel):
    """A version of a pipeline; it never changes."""

    pipeline_id: UUID
    number: int
    published_by: UUID | None = Field(description="Absent: the service, when the organization was founded.")
    published_at: datetime


class PipelineVersionInFull(PipelineVersion):
    """A version with its definition."""

    definition: PipelineDefinition


class PipelineVersionPage(BaseModel):
    """A page of versions."""

    items: list[PipelineVersion]
    next_cursor: str | None


class PipelineVersionQuery(PageQuery):
    """The list of versions has no filters."""

    sort: Annotated[str, Field(max_length=50, description="A sort key; a leading `-` turns it around.")] = "-number"


class LossReasonItem(BaseModel):
    """Why deals are lost."""

    loss_reason: LossReason
    label: str
    needs_reason: bool = Field(description="Whether a `reason` in words has to be sent along.")


class LossReasonPage(BaseModel):
    """All loss reasons."""

    items: list[LossReasonItem]
    next_cursor: str | None = Field(default=None, description="Always null: these are all.")


LOSS_REASON_LABELS = {
    LossReason.PRICE: "Price",
    LossReason.COMPETITOR: "Lost to a competitor",
    LossReason.NO_BUDGET: "No budget",
    LossReason.NO_DECISION: "No decision",
    LossReason.TIMING: "Bad timing",
    LossReason.PRODUCT_FIT: "The product does not fit",
    LossReason.LOST_CONTACT: "Contact was lost",
    LossReason.OTHER: "Other",
}
