"""What has been attained of a target, and the records that it rests on."""

from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from app.core.database import Row, Transaction
from app.core.pagination import Page
from app.people.permissions import scope
from app.team_targets import queries
from app.team_targets.aggregate import read_target
from app.team_targets.credits import CREDITS
from app.team_targets.pace import pace_of, percent
from app.team_targets.periods import Dates
from app.team_targets.schemas import Attainment, OtherCurrency, TeamTargetCreditQuery, in_unit
from app.team_targets.tables import Metric


async def measure(tx: Transaction, target_id: UUID) -> Attainment:
    """Add up what counts towards a target so far; raises `NotFound` beyond the caller's reach."""
    target = await read_target(tx, target_id)
    found = await _place(tx, target)
    totals = await tx.fetch_all(CREDITS[Metric(target["metric"])].totals, **_span(target, found))
    return _attainment(target, totals, tx.now().astimezone(ZoneInfo(found["time_zone"])))


async def list_credits(tx: Transaction, target_id: UUID, query: TeamTargetCreditQuery) -> Page:
    """The records that count towards a target; raises `NotFound` beyond the caller's reach."""
    target = await read_target(tx, target_id)
    credits_ = CREDITS[Metric(target["metric"])]
    parameters = _span(target, await _place(tx, target)) | scope(tx.caller, credits_.read)
    return await credits_.listing.page(tx, query, currency=target["currency"], **parameters)


async def _place(tx: Transaction, target: Row) -> Row:
    return await tx.fetch_row(queries.find_time_zone_and_teams, team_id=target["team_id"])


def _span(target: Row, found: Row) -> dict[str, Any]:
    """Whose records count, and from when until when; a person counts in the target's own team only."""
    since, until = _dates(target).moments(found["time_zone"])
    team_ids = found["team_ids"] if target["user_id"] is None else [target["team_id"]]
    return {"team_ids": team_ids, "user_id": target["user_id"], "since": since, "until": until}


def _attainment(target: Row, totals: list[Row], now: datetime) -> Attainment:
    currency, target_value = target["currency"], target["target_value"]
    credited = next((row for row in totals if row["currency"] == currency), None)
    attained = credited["value"] if credited is not None else Decimal(0)
    pace = pace_of(attained, target_value, _dates(target), now.date())
    shown = {name: str(value) if isinstance(value, Decimal) else value for name, value in asdict(pace).items()}
    return Attainment(
        target_id=target["id"],
        metric=target["metric"],
        period=target["period"],
        starts_on=target["starts_on"],
        ends_on=target["ends_on"],
        target_value=in_unit(target_value, currency),
        currency=currency,
        attained_value=in_unit(attained, currency),
        attainment_percent=str(percent(attained, target_value)),
        n=credited["n"] if credited is not None else 0,
        as_of=now.astimezone(UTC),
        other_currencies=[OtherCurrency.model_validate(dict(row)) for row in totals if row is not credited],
        **shown,
    )


def _dates(target: Row) -> Dates:
    return Dates(target["starts_on"], target["ends_on"])
