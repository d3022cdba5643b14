"""Deals as they are sent and read."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.fields import Amount, Currency, ExternalId, Name
from app.core.json_kinds import Day, Moment
from app.core.pagination import SearchQuery
from app.core.resource import Body, Item, Patch
from app.opportunities.qualification_schemas import Qualified
from app.records.batch_schemas import BatchCreate, BatchItem, Items
from app.workflow.decision import LossReason
from app.workflow.pipeline import ForecastCategory, Outcome, Step


class OpportunityFields(BaseModel):
    """What may be said of a deal besides its name; its stage moves by transitions only."""

    account_id: UUID | None = None
    amount: Amount | None = None
    close_on: Day | None = Field(default=None, description="When it is expected to close.")
    source_opportunity_id: UUID | None = Field(
        default=None, description="The won deal that this one renews or expands."
    )
    external_id: ExternalId | None = None


class OpportunityCreate(OpportunityFields, Body):
    """A new deal; it starts at the first stage of its pipeline."""

    name: Name
    currency: Currency | None = Field(default=None, description="Absent: the organization's.")
    owner_id: UUID | None = Field(default=None, description="Absent: the caller.")
    pipeline_id: UUID | None = Field(default=None, description="Absent: the organization's default pipeline.")


class OpportunityPatch(OpportunityFields, Patch):
    """Changes of a deal's own fields; its owner changes by assignment, its stage by transitions."""

    name: Name = Field(default_factory=str)
    currency: Currency = Field(default_factory=str)


class OpportunityAssignment(Body):
    """A new owner."""

    owner_id: UUID


class Opportunity(Qualified, Item):
    """A deal: where it stands, what it is worth, and who owns it."""

    name: str
    account_id: UUID | None
    amount: Amount | None
    currency: str
    close_on: date | None
    pipeline_id: UUID
    pipeline_version: int
    stage: str
    step: Step
    outcome: str = Field(description="`open`, `won` or `lost`.")
    probability: int = Field(description="Percent.")
    forecast_category: ForecastCategory
    stage_entered_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    completed_at: datetime | None
    loss_reason: LossReason | None
    loss_note: str | None
    owner_id: UUID | None
    team_id: UUID | None
    source_opportunity_id: UUID | None
    external_id: str | None


class OpportunityPage(BaseModel):
    """A page of deals."""

    items: list[Opportunity]
    next_cursor: str | None


class OpportunityBatchCreate(BatchCreate):
    """Many deals, each as in a request of its own."""

    items: Items[OpportunityCreate]


class OpportunityBatchItem(BatchItem):
    """What became of one deal."""

    record: Opportunity | None


class OpportunityBatch(BaseModel):
    """What became of each deal, in the order of the request."""

    items: list[OpportunityBatchItem]


class OpportunityQuery(SearchQuery):
    """Filters of the list of deals."""

    stage: list[str] = []
    step: list[Step] = []
    outcome: list[Outcome] = []
    pipeline_id: UUID | None = None
    account_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    external_id: str | None = None
    amount_gte: Amount | None = None
    amount_lte: Amount | None = None
    close_on_gte: Day | None = None
    close_on_lte: Day | None = None
    closed_at_gte: Moment | None = None
    closed_at_lte: Moment | None = None
