"""Products as they are sent and read."""

from decimal import Decimal

from pydantic import BaseModel, Field

from app.core.fields import Amount, Currency, ExternalId, Name
from app.core.json_kinds import Flag
from app.core.pagination import SearchQuery
from app.core.resource import Body, Item, Patch


class ProductFields(BaseModel):
    """What may be said of a product besides its name and price."""

    series: Name | None = None
    external_id: ExternalId | None = None


class ProductCreate(ProductFields, Body):
    """A new product."""

    name: Name
    unit_price: Amount
    currency: Currency
    is_active: Flag = True


class ProductPatch(ProductFields, Patch):
    """Changes of a product."""

    name: Name = Field(default_factory=str)
    unit_price: Amount = Field(default_factory=Decimal)
    currency: Currency = Field(default_factory=str)
    is_active: Flag = Field(default_factory=bool)


class Product(Item):
    """Something the department sells."""

    name: str
    series: str | None
    unit_price: Amount
    currency: str
    is_active: bool
    external_id: str | None


class ProductPage(BaseModel):
    """A page of products."""

    items: list[Product]
    next_cursor: str | None


class ProductQuery(SearchQuery):
    """Filters of the list of products."""

    series: list[str] = []
    is_active: bool | None = None
    external_id: str | None = None
