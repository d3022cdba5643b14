"""Contracts and purchases as they are sent and read."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.contracts.kinds import ContractKind, ContractStatus
from app.core.fields import Amount, Currency, Name, Text
from app.core.json_kinds import Day
from app.core.pagination import PageQuery
from app.core.resource import Body, Item, Patch


class ContractFields(BaseModel):
    """What may be said of a contract besides its kind and amount."""

    number: Name | None = None
    starts_on: Day | None = None
    ends_on: Day | None = Field(default=None, description="Not before `starts_on`.")


class ContractCreate(ContractFields, Body):
    """A new contract of a deal; it starts as a draft, except for a purchase that says when it was made."""

    opportunity_id: UUID
    kind: ContractKind = ContractKind.CONTRACT
    amount: Amount
    currency: Currency | None = Field(default=None, description="The deal's. Absent: the same.")
    signed_on: Day | None = Field(default=None, description="For a purchase only: it is recorded as signed.")
    signed_by_contact_id: UUID | None = Field(default=None, description="With `signed_on` only.")


class ContractPatch(ContractFields, Patch):
    """Changes of a draft."""

    amount: Amount = Field(default_factory=Decimal)
    currency: Currency = Field(default_factory=str, description="The deal's.")


class ContractSignature(Body):
    """When the customer signed, and who."""

    signed_on: Day = Field(description="Not in the future, by the organization's time zone.")
    signed_by_contact_id: UUID | None = None


class ContractTermination(Body):
    """Why a contract ends."""

    reason: Text


class Contract(Item):
    """A contract or a recorded purchase: the evidence that a deal is won."""

    opportunity_id: UUID
    kind: ContractKind
    status: ContractStatus
    number: str | None
    amount: Amount
    currency: str
    starts_on: date | None
    ends_on: date | None
    signed_on: date | None
    signed_by_contact_id: UUID | None
    terminated_at: datetime | None
    termination_reason: str | None


class ContractPage(BaseModel):
    """A page of contracts."""

    items: list[Contract]
    next_cursor: str | None


class ContractQuery(PageQuery):
    """Filters of the list of contracts."""

    kind: list[ContractKind] = []
    status: list[ContractStatus] = []
    opportunity_id: UUID | None = None
    owner_id: Annotated[UUID | None, Field(description="The deal's owner.")] = None
    team_id: Annotated[UUID | None, Field(description="The deal's team.")] = None
    amount_gte: Amount | None = None
    amount_lte: Amount | None = None
    signed_on_gte: Day | None = None
    signed_on_lte: Day | None = None
    ends_on_gte: Day | None = None
    ends_on_lte: Day | None = None
