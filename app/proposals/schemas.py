"""Proposals as they are sent and read."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.fields import Amount, Currency, Name, Percent, Text
from app.core.json_kinds import Day, Moment
from app.core.pagination import PageQuery
from app.core.resource import Body, Item, Patch
from app.proposals.status import ProposalStatus


class ProposalFields(BaseModel):
    """What may be said of a proposal besides its title, amount and discount."""

    pricing: Text | None = None
    terms: Text | None = None
    delivery_timeline: Text | None = None
    valid_until_on: Day | None = None


class ProposalCreate(ProposalFields, Body):
    """A new proposal for a deal; it starts as a draft."""

    opportunity_id: UUID
    title: Name
    amount: Amount
    currency: Currency | None = Field(default=None, description="The deal's. Absent: the same.")
    discount_percent: Percent = Field(default_factory=Decimal, description="Absent: none.")


class ProposalPatch(ProposalFields, Patch):
    """Changes of a draft."""

    title: Name = Field(default_factory=str)
    amount: Amount = Field(default_factory=Decimal)
    currency: Currency = Field(default_factory=str, description="The deal's.")
    discount_percent: Percent = Field(
        default_factory=Decimal, description="Above the approved percent it needs a new approval."
    )


class ProposalDecision(Body):
    """What the customer said."""

    note: Text | None = None


class NoFields(Body):
    """Nothing to say: an empty object, or no body at all."""


class Proposal(Item):
    """An offer to a customer, with a discount that may need approval."""

    opportunity_id: UUID
    title: str
    status: ProposalStatus
    amount: Amount
    currency: str
    pricing: str | None
    terms: str | None
    delivery_timeline: str | None
    discount_percent: Percent
    discount_approved_percent: Percent | None
    discount_approved_by: UUID | None = Field(description="The manager who approved it.")
    discount_approved_at: datetime | None
    valid_until_on: date | None
    sent_at: datetime | None
    decided_at: datetime | None = Field(description="When it was accepted, was rejected or expired.")
    decision_note: str | None


class ProposalPage(BaseModel):
    """A page of proposals."""

    items: list[Proposal]
    next_cursor: str | None


class ProposalQuery(PageQuery):
    """Filters of the list of proposals."""

    status: list[ProposalStatus] = []
    opportunity_id: UUID | None = None
    owner_id: Annotated[UUID | None, Field(description="The deal's owner.")] = None
    team_id: Annotated[UUID | None, Field(description="The deal's team.")] = None
    amount_gte: Amount | None = None
    amount_lte: Amount | None = None
    sent_at_gte: Moment | None = None
    sent_at_lte: Moment | None = None
    valid_until_on_gte: Day | None = None
    valid_until_on_lte: Day | None = None
