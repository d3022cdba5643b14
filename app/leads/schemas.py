"""Leads as they are sent and read."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.fields import Email, ExternalId, Name, Phone, Text
from app.core.json_kinds import Flag, Moment
from app.core.pagination import SearchQuery
from app.core.problems import ProblemDocument
from app.core.resource import Body, Item, Patch
from app.opportunities.qualification_schemas import Qualified
from app.records.batch_schemas import BatchCreate, BatchItem, Items
from app.workflow.pipeline import Outcome, Step

AllowDuplicate = Annotated[Flag, Field(description="Insist although another lead has this e-mail.")]


class LeadFields(BaseModel):
    """What may be said of a lead besides the person's name."""

    company_name: Name | None = None
    email: Email | None = None
    phone: Phone | None = None
    title: Name | None = None
    source: Name | None = Field(default=None, description="Where it came from, as `web` or `trade fair`.")
    external_id: ExternalId | None = None


class LeadCreate(LeadFields, Body):
    """A new lead; it starts at the first stage of its pipeline."""

    name: Name
    owner_id: UUID | None = Field(default=None, description="Absent: the caller.")
    pipeline_id: UUID | None = Field(default=None, description="Absent: the organization's default lead pipeline.")
    allow_duplicate: AllowDuplicate = False


class LeadPatch(LeadFields, Patch):
    """Changes of a lead; its owner changes by assignment, its stage by transitions."""

    name: Name = Field(default_factory=str)
    allow_duplicate: AllowDuplicate = False


class LeadAssignment(Body):
    """A new owner, and why."""

    owner_id: UUID
    reason: Text | None = Field(default=None, description="Published with the event as `assignment_reason`.")


class Lead(Qualified, Item):
    """Somebody who may become a customer."""

    name: str
    company_name: str | None
    email: str | None
    phone: str | None
    title: str | None
    source: str | None
    pipeline_id: UUID
    pipeline_version: int
    stage: str
    step: Step
    outcome: Outcome
    stage_entered_at: datetime
    disqualified_reason: str | None
    qualified_at: datetime | None
    converted_at: datetime | None
    converted_account_id: UUID | None
    converted_contact_id: UUID | None
    converted_opportunity_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    external_id: str | None


class AssignedLead(Lead):
    """A lead with a new owner: the object of its event."""

    assignment_reason: str | None


class LeadPage(BaseModel):
    """A page of leads."""

    items: list[Lead]
    next_cursor: str | None


class LeadBatchCreate(BatchCreate):
    """Many leads, each as in a request of its own."""

    items: Items[LeadCreate]


class LeadBatchItem(BatchItem):
    """What became of one lead."""

    record: Lead | None


class LeadBatch(BaseModel):
    """What became of each lead, in the order of the request."""

    items: list[LeadBatchItem]


class LeadQuery(SearchQuery):
    """Filters of the list of leads."""

    stage: list[str] = []
    outcome: list[Outcome] = []
    source: list[str] = []
    owner_id: UUID | None = None
    team_id: UUID | None = None
    email: Annotated[str | None, Field(description="In any case.")] = None
    external_id: str | None = None
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None


class DuplicateCandidate(BaseModel):
    """A lead with the same e-mail that the caller may read."""

    id: UUID
    name: str
    company_name: str | None
    owner_id: UUID | None
    stage: str
    outcome: Outcome


class ContactCandidate(BaseModel):
    """A contact with the same e-mail."""

    id: UUID
    name: str
    account_id: UUID | None


class DuplicateProblem(ProblemDocument):
    """Who has this e-mail already; with `duplicate_lead` only."""

    candidates: list[DuplicateCandidate] = Field(default=[], description="Leads that you may read.")
    hidden_candidates: int = Field(default=0, description="How many leads you may not read.")
    contact_candidates: list[ContactCandidate] = []
