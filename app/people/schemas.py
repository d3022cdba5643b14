"""People, teams, keys, positions and the organization as they are sent and read."""

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Annotated
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from app.core.fields import Currency, Email, ExternalId, Name, Percent, Secret
from app.core.json_kinds import JSON_NUMBER, Flag, Moment
from app.core.pagination import PageQuery, SearchQuery
from app.core.resource import Body, Item, Patch
from app.people.permissions import Position
from app.people.scopes import Scope

_LONGEST_LIFE = timedelta(days=36_525)


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"Factory", "localtime"})


def _known_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise ValueError("not an IANA time zone")
    return name


def _ahead(moment: datetime) -> datetime:
    if not datetime.now(UTC) < moment < datetime.now(UTC) + _LONGEST_LIFE:
        raise ValueError("expires in the future, within a hundred years")
    return moment


TimeZone = Annotated[
    str,
    AfterValidator(_known_time_zone),
    WithJsonSchema({"type": "string", "examples": ["Europe/Berlin"], "description": "An IANA time zone."}),
]
Month = Annotated[int, Field(ge=1, le=12), JSON_NUMBER]
Permissions = Annotated[
    dict[str, str],
    Field(description="Each action with its reach: `none`, `own`, `team` (own and all below) or `organization`."),
]


class Organization(Item):
    """The organization whose department this is."""

    name: str
    time_zone: str
    fiscal_year_start_month: int
    currency: str
    discount_limit_percent: Percent


class OrganizationPatch(Patch):
    """Changes of the organization; deals keep the currency they were opened in."""

    name: Name = Field(default_factory=str)
    time_zone: TimeZone = Field(default_factory=str)
    fiscal_year_start_month: Month = Field(default_factory=int)
    currency: Currency = Field(default_factory=str)
    discount_limit_percent: Percent = Field(
        default_factory=Percent, description="A larger discount needs a manager's approval."
    )


class UserFields(BaseModel):
    """What may be said of a user besides the name, the address and the position."""

    team_id: UUID | None = None
    external_id: ExternalId | None = None


class UserCreate(UserFields, Body):
    """A new user; give a key with `POST /v1/api-keys`."""

    name: Name
    email: Email
    position: Position


class UserPatch(UserFields, Patch):
    """Changes of a user; records keep the team they count for until they are given to somebody."""

    name: Name = Field(default_factory=str)
    email: Email = Field(default_factory=str)
    position: Position = Field(default_factory=lambda: Position.SALES_REPRESENTATIVE)
    is_active: Flag = Field(default_factory=bool, description="`false`: the user's keys stop working.")


class User(Item):
    """A person of the department."""

    name: str
    email: str
    position: Position
    team_id: UUID | None
    is_active: bool
    external_id: str | None


class UserPage(BaseModel):
    """A page of users."""

    items: list[User]
    next_cursor: str | None


class UserQuery(SearchQuery):
    """Filters of the list of users."""

    position: list[Position] = []
    team_id: UUID | None = None
    is_active: bool | None = None
    external_id: str | None = None


class TeamFields(BaseModel):
    """What may be said of a team besides its name."""

    parent_id: UUID | None = Field(default=None, description="The team above this one.")
    manager_id: UUID | None = Field(default=None, description="Who leads it: an active user.")


class TeamCreate(TeamFields, Body):
    """A new team."""

    name: Name


class TeamPatch(TeamFields, Patch):
    """Changes of a team."""

    name: Name = Field(default_factory=str)


class Team(Item):
    """A team in the tree of teams."""

    name: str
    parent_id: UUID | None
    manager_id: UUID | None


class TeamPage(BaseModel):
    """A page of teams."""

    items: list[Team]
    next_cursor: str | None


class TeamQuery(SearchQuery):
    """Filters of the list of teams."""

    parent_id: UUID | None = None
    manager_id: UUID | None = None


class ApiKeyCreate(Body):
    """A new key; it acts as the user."""

    user_id: UUID
    name: Name
    expires_at: Annotated[Moment, AfterValidator(_ahead)] | None = Field(
        default=None, description="Absent: it works until it is revoked."
    )
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(Scope))] | None = Field(
        default=None,
        description="What the key may do of what its user may; absent: whatever the credential that makes it may.",
    )


class ApiKeyItem(BaseModel):
    """A key without its secret."""

    id: str
    version: int = Field(description="Goes up with each rotation, and when it is revoked.")
    user_id: UUID
    name: str
    scopes: list[str] = Field(description="What it may do of what its user may: values of `Scope`.")
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    old_secret_expires_at: datetime | None = Field(description="Until then the secret before the last rotation works.")
    last_used_at: datetime | None = Field(description="To the minute or so.")


class IssuedApiKey(ApiKeyItem):
    """A key with its secret, which is shown this once."""

    key: Secret = Field(description="Send it as `Authorization: Bearer …`; it cannot be shown again.")


class ApiKeyRotation(Body):
    """How to replace a key's secret."""

    expire_old_secret_in_seconds: int = Field(
        default=86_400,
        ge=0,
        le=604_800,
        description="How long the old secret works beside the new one; 0, when it has leaked: no longer.",
    )


class ApiKeyPage(BaseModel):
    """A page of keys."""

    items: list[ApiKeyItem]
    next_cursor: str | None


class ApiKeyQuery(PageQuery):
    """Filters of the list of keys."""

    user_id: UUID | None = None


class PositionItem(BaseModel):
    """A position: what it does, and what it may do."""

    position: Position
    title: str
    does: str
    typical_target_metric: str
    permissions: Permissions


class PositionPage(BaseModel):
    """All positions."""

    items: list[PositionItem]
    next_cursor: str | None = Field(default=None, description="Always null: these are all.")


class Person(BaseModel):
    """Somebody by name."""

    id: UUID
    name: str


class Me(BaseModel):
    """Who is calling, and what they may do."""

    user: User
    position: Position
    team: Team | None
    manager: Person | None = Field(description="Who leads the team.")
    organization: Organization
    scopes: list[str] = Field(description="What the credential was given: values of `Scope`.")
    permissions: Permissions
