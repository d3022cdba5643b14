"""A person's data in one document, and what became of it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from app.accounts.schemas import Contact
from app.activities.schemas import Activity
from app.audit.schemas import AuditEntry
from app.contracts.schemas import Contract
from app.follow_up.schemas import SatisfactionSurvey
from app.leads.schemas import Lead
from app.opportunities.part_schemas import OpportunityContactRole
from app.outbox.schemas import EventEnvelope


class PersonalData(BaseModel):
    """All that is held on a person: a lead and the contact that it was converted into are one person."""

    contacts: list[Contact]
    leads: list[Lead]
    contact_roles: list[OpportunityContactRole] = Field(description="Deals in which the person has a role.")
    activities: list[Activity]
    satisfaction_surveys: list[SatisfactionSurvey]
    contracts: list[Contract] = Field(description="Contracts that the person signed.")
    events: list[EventEnvelope] = Field(description="What was published about the person, oldest first.")
    audit_log: list[AuditEntry] = Field(description="Who wrote the person's records, oldest first.")


class Erasure(BaseModel):
    """Whose data was erased: a person may be several records."""

    contact_ids: list[UUID]
    lead_ids: list[UUID]
    erased_at: datetime
