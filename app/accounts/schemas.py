"""Accounts and contacts as they are sent and read."""

from typing import Annotated
from uuid import UUID, uuid4

from pydantic import BaseModel, Field

from app.core.fields import Amount, Currency, Email, ExternalId, Name, Phone
from app.core.json_kinds import JSON_NUMBER
from app.core.pagination import SearchQuery
from app.core.resource import Body, Item, Patch
from app.records.batch_schemas import BatchCreate, BatchItem, Items

FoundedYear = Annotated[int, Field(ge=1000, le=2200), JSON_NUMBER]
EmployeeCount = Annotated[int, Field(ge=0, le=2_000_000_000), JSON_NUMBER]


class AccountFields(BaseModel):
    """What may be said of an account besides its name."""

    industry: Name | None = None
    website: Annotated[str, Field(max_length=500)] | None = None
    country: Name | None = None
    founded_year: FoundedYear | None = None
    employee_count: EmployeeCount | None = None
    annual_revenue: Amount | None = None
    annual_revenue_currency: Currency | None = None
    parent_id: UUID | None = Field(default=None, description="The account this one is a subsidiary of.")
    owner_id: UUID | None = Field(default=None, description="Absent: the caller.")
    external_id: ExternalId | None = None


class AccountCreate(AccountFields, Body):
    """A new account."""

    name: Name


class AccountPatch(AccountFields, Patch):
    """Changes of an account."""

    name: Name = Field(default_factory=str)
    owner_id: UUID = Field(default_factory=uuid4)


class Account(Item):
    """A company the department sells to."""

    name: str
    industry: str | None
    website: str | None
    country: str | None
    founded_year: int | None
    employee_count: int | None
    annual_revenue: Amount | None
    annual_revenue_currency: str | None
    parent_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None
    external_id: str | None


class AccountPage(BaseModel):
    """A page of accounts."""

    items: list[Account]
    next_cursor: str | None


class AccountBatchCreate(BatchCreate):
    """Many accounts, each as in a request of its own."""

    items: Items[AccountCreate]


class AccountBatchItem(BatchItem):
    """What became of one account."""

    record: Account | None


class AccountBatch(BaseModel):
    """What became of each account, in the order of the request."""

    items: list[AccountBatchItem]


class AccountQuery(SearchQuery):
    """Filters of the list of accounts."""

    owner_id: UUID | None = None
    team_id: UUID | None = None
    industry: list[str] = []
    parent_id: UUID | None = None
    external_id: str | None = None
    annual_revenue_gte: Amount | None = None
    annual_revenue_lte: Amount | None = None


class ContactFields(BaseModel):
    """What may be said of a contact besides the name."""

    account_id: UUID | None = None
    email: Email | None = None
    phone: Phone | None = None
    title: Name | None = None
    owner_id: UUID | None = Field(default=None, description="Absent: the caller.")
    external_id: ExternalId | None = None


class ContactCreate(ContactFields, Body):
    """A new contact."""

    name: Name


class ContactPatch(ContactFields, Patch):
    """Changes of a contact."""

    name: Name = Field(default_factory=str)
    owner_id: UUID = Field(default_factory=uuid4)


class Contact(Item):
    """A person in an account."""

    account_id: UUID | None
    name: str
    email: str | None
    phone: str | None
    title: str | None
    owner_id: UUID | None
    team_id: UUID | None
    external_id: str | None


class ContactPage(BaseModel):
    """A page of contacts."""

    items: list[Contact]
    next_cursor: str | None


class ContactBatchCreate(BatchCreate):
    """Many contacts, each as in a request of its own."""

    items: Items[ContactCreate]


class ContactBatchItem(BatchItem):
    """What became of one contact."""

    record: Contact | None


class ContactBatch(BaseModel):
    """What became of each contact, in the order of the request."""

    items: list[ContactBatchItem]


class ContactQuery(SearchQuery):
    """Filters of the list of contacts."""

    account_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    email: str | None = None
    external_id: str | None = None
