"""Targets, their allocations and what has been attained, as they are sent and read."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, PlainSerializer, StringConstraints, WithJsonSchema, model_validator

from app.core.fields import Amount, Currency
from app.core.json_kinds import Day
from app.core.pagination import PageQuery
from app.core.resource import Body, Item, Patch
from app.team_targets.pace import PaceStatus
from app.team_targets.periods import PERIOD_PATTERN
from app.team_targets.tables import Metric

PeriodName = Annotated[
    str,
    StringConstraints(pattern=PERIOD_PATTERN),
    Field(
        description="A fiscal year (`2026`, named after the year in which it ends), a quarter of it (`2026Q4`) or a "
        "calendar month (`2026-11`).",
        examples=["2026Q4"],
    ),
]
PositiveAmount = Annotated[Amount, Field(gt=0, description="Money, or a whole number for counts.")]

Total = Annotated[
    Decimal,  # a sum may be longer than any single amount
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "decimal", "pattern": r"^\d+(\.\d{2})?$", "examples": ["125000.00"]}),
]


def in_unit(value: Decimal, currency: str | None) -> Decimal:
    """Money with two places, a count with none."""
    return value.quantize(Decimal(1) if currency is None else Decimal("0.01"))


class TeamTargetCreate(Body):
    """A new target of a team, or of a person in it."""

    team_id: UUID
    user_id: UUID | None = Field(default=None, description="A member of the team; absent: the whole team.")
    metric: Metric
    period: PeriodName
    target_value: PositiveAmount
    currency: Currency | None = Field(default=None, description="Needed for `revenue_won`, not allowed for counts.")


class TeamTargetPatch(Patch):
    """A new value; whose target it is, of what and when, never changes."""

    target_value: PositiveAmount


class TeamTarget(Item):
    """What a team, or a person in it, is to reach in a period."""

    team_id: UUID
    user_id: UUID | None
    metric: Metric
    period: str
    starts_on: date
    ends_on: date = Field(description="The day after the last one.")
    target_value: Amount
    currency: str | None

    @model_validator(mode="after")
    def _show_counts_as_whole_numbers(self) -> Self:
        self.target_value = in_unit(self.target_value, self.currency)
        return self


class TeamTargetPage(BaseModel):
    """A page of targets."""

    items: list[TeamTarget]
    next_cursor: str | None


class TeamTargetQuery(PageQuery):
    """Filters of the list of targets."""

    team_id: UUID | None = None
    user_id: UUID | None = None
    metric: list[Metric] = []
    period: PeriodName | None = None
    starts_on_gte: Day | None = None
    starts_on_lte: Day | None = None


class TeamTargetAllocationReplace(Body):
    """One share: a member's or a child team's."""

    user_id: UUID | None = None
    team_id: UUID | None = None
    value: PositiveAmount

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if (self.user_id is None) == (self.team_id is None):
            raise ValueError("name either a user or a team")
        return self


class TeamTargetAllocation(BaseModel):
    """One share of a team's target."""

    user_id: UUID | None
    team_id: UUID | None
    value: Amount


class TeamTargetAllocations(BaseModel):
    """How a team's target is allocated, and how the shares add up."""

    target_id: UUID
    version: int = Field(description="The target's.")
    target_value: Amount
    currency: str | None
    allocations: list[TeamTargetAllocation]
    allocated_total: Total
    over_assignment_percent: str = Field(
        description="Allocated ÷ target × 100 − 100, rounded down to two places; negative when under-assigned.",
        examples=["7.50"],
    )


class AllocatedTeamTarget(TeamTarget):
    """A target with its allocations: the object of its events."""

    allocations: list[TeamTargetAllocation]


class OtherCurrency(BaseModel):
    """Won deals that do not count, because they are in another currency than the target."""

    currency: str
    value: Total
    n: int


class Attainment(BaseModel):
    """What has been attained of a target, and whether that is enough for the elapsed part of the period."""

    target_id: UUID
    metric: Metric
    period: str
    starts_on: date
    ends_on: date
    target_value: Amount
    currency: str | None
    attained_value: Total
    attainment_percent: str = Field(description="Never capped; rounded down to two places.", examples=["112.40"])
    n: int = Field(description="The number of credited records.")
    elapsed_business_days: int = Field(description="Mondays to Fridays before today; holidays are not known.")
    total_business_days: int
    elapsed_percent: str = Field(examples=["50.00"])
    pace: str | None = Field(
        description="Attained share ÷ elapsed share, rounded down to two places; null until a business day has passed.",
        examples=["1.08"],
    )
    status: PaceStatus | None = Field(description="`on_track` from 1, `at_risk` from 0.8, else `behind`.")
    as_of: datetime
    other_currencies: list[OtherCurrency]


class TeamTargetCredit(BaseModel):
    """A record that counts towards a target."""

    record_type: str = Field(description="`opportunity`, `lead` or `activity`.")
    record_id: UUID
    name: str | None = Field(description="Null when the record itself is out of your reach.")
    owner_id: UUID | None
    team_id: UUID
    occurred_at: datetime = Field(description="When it was won, qualified, accepted or held.")
    share: Amount = Field(default_factory=lambda: Decimal("1.00"))
    credited_value: Amount
    currency: str | None

    @model_validator(mode="after")
    def _show_counts_as_whole_numbers(self) -> Self:
        self.credited_value = in_unit(self.credited_value, self.currency)
        return self


class TeamTargetCreditPage(BaseModel):
    """A page of credited records; the credited values of all pages add up to the attained value."""

    items: list[TeamTargetCredit]
    next_cursor: str | None


class TeamTargetCreditQuery(PageQuery):
    """How credited records are sorted."""

    sort: Annotated[str, Field(max_length=50)] = "-occurred_at"
