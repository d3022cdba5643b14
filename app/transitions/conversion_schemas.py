"""Conversions as they are asked for and answered."""

from typing import Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from app.core.fields import Amount, Currency, Name
from app.core.json_kinds import Day, Flag
from app.core.resource import Body
from app.opportunities.tables import ContactRole


class ConversionCreate(Body):
    """What a lead becomes; whatever is not named is made from the lead."""

    account_id: UUID | None = Field(
        default=None, description="An existing account; absent: that of the existing deal, else a new one."
    )
    contact_id: UUID | None = Field(default=None, description="An existing contact; absent: a new one.")
    contact_role: ContactRole = ContactRole.OTHER
    opportunity_id: UUID | None = Field(default=None, description="An existing open deal; absent: a new one.")
    opportunity_name: Name | None = None
    amount: Amount | None = Field(default=None, description="Absent: the lead's budget.")
    currency: Currency | None = Field(default=None, description="Absent: that of the lead's budget.")
    close_on: Day | None = Field(default=None, description="Absent: the lead's timeline.")
    pipeline_id: UUID | None = None
    owner_id: UUID | None = Field(
        default=None, description="To whom the deal is handed over; absent: the lead's owner."
    )
    dry_run: Flag = Field(default=False, description="Answer what would happen and write nothing.")

    @model_validator(mode="after")
    def _either_existing_or_new(self) -> Self:
        new = {"opportunity_name", "amount", "currency", "close_on", "pipeline_id"} & self.model_fields_set
        if self.opportunity_id is not None and new:
            raise ValueError(f"an existing deal keeps its own {', '.join(sorted(new))}")
        return self


class ConversionRecord(BaseModel):
    """A record that a conversion made or found."""

    id: UUID | None = Field(description="Null for a new record of a dry run.")
    created: bool


class ConversionOpportunity(ConversionRecord):
    """The deal of a conversion."""

    stage: str


class Conversion(BaseModel):
    """What a lead became."""

    lead_id: UUID
    version: int = Field(description="The lead's version after the conversion.")
    dry_run: bool
    account: ConversionRecord
    contact: ConversionRecord
    opportunity: ConversionOpportunity

    def as_preview(self) -> "Conversion":
        """The same for a dry run: new records have no id."""
        nameless = {
            noun: record.model_copy(update={"id": None})
            for noun, record in (
                ("account", self.account),
                ("contact", self.contact),
                ("opportunity", self.opportunity),
            )
            if record.created
        }
        return self.model_copy(update={"dry_run": True, **nameless})
