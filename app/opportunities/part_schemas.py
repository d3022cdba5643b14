"""Contact roles, line items and objections of a deal, as they are sent and read."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, PlainSerializer, WithJsonSchema

from app.core.fields import DECIMAL_AS_STRING, Amount, Percent, Text
from app.core.pagination import PageQuery
from app.core.resource import Body, Item, Patch
from app.opportunities.tables import ContactRole, ObjectionStatus

Quantity = Annotated[
    Decimal,
    Field(gt=0, max_digits=12, decimal_places=3),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "decimal", "pattern": r"^\d{1,9}(\.\d{1,3})?$", "examples": ["2.000"]}),
    DECIMAL_AS_STRING,
]


Sum = Annotated[
    Decimal,
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "decimal", "pattern": r"^\d+\.\d{2}$", "examples": ["125000.00"]}),
]


class OpportunityContactRoleCreate(Body):
    """A person's part in a deal."""

    contact_id: UUID
    role: ContactRole


class OpportunityContactRole(Item):
    """A person's part in a deal."""

    opportunity_id: UUID
    contact_id: UUID
    role: ContactRole


class OpportunityContactRolePage(BaseModel):
    """A page of contact roles."""

    items: list[OpportunityContactRole]
    next_cursor: str | None


class LineItemCreate(Body):
    """A product in a deal."""

    product_id: UUID
    quantity: Quantity
    unit_price: Amount | None = Field(default=None, description="Absent: the product's price.")
    discount_percent: Percent = Field(default_factory=Decimal, description="Absent: none.")
    description: Text | None = None


class LineItemPatch(Patch):
    """Changes of a line item."""

    quantity: Quantity = Field(default_factory=Decimal)
    unit_price: Amount = Field(default_factory=Decimal)
    discount_percent: Percent = Field(default_factory=Decimal)
    description: Text | None = None


class LineItem(Item):
    """A product in a deal; prices are in the deal's currency."""

    opportunity_id: UUID
    product_id: UUID
    quantity: Quantity
    unit_price: Amount
    discount_percent: Percent
    description: str | None
    total: Amount = Field(description="quantity × unit_price × (1 − discount_percent ÷ 100), rounded half up.")


class LineItemPage(BaseModel):
    """A page of line items, with what all of the deal's add up to."""

    items: list[LineItem]
    next_cursor: str | None
    total: Sum = Field(description="Sum of the totals of all line items, those of other pages included.")
    currency: str


class ObjectionCreate(Body):
    """What the customer objects to."""

    opportunity_id: UUID
    summary: Text


class ObjectionResolution(Body):
    """How an objection was answered."""

    resolution: Text


class Objection(Item):
    """An objection of the customer; an open one holds the deal in its stage."""

    opportunity_id: UUID
    summary: str
    status: ObjectionStatus
    resolution: str | None
    resolved_at: datetime | None


class ObjectionPage(BaseModel):
    """A page of objections."""

    items: list[Objection]
    next_cursor: str | None


class ObjectionQuery(PageQuery):
    """Filters of the list of objections."""

    opportunity_id: UUID | None = None
    status: list[ObjectionStatus] = []
