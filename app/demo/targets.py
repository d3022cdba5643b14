"""What the teams and the sellers are to reach: sized by the deals that the department usually wins."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.database import Transaction
from app.demo import cast
from app.demo.staff import Staff
from app.team_targets import queries
from app.team_targets.allocations import replace_allocations
from app.team_targets.periods import dates_of
from app.team_targets.tables import Metric
from app.team_targets.writing import set_target

_WINS_PER_QUARTER = {"Sales": 14, "North": 6, "South": 9}  # together a little more than the root team's
_QUARTERS = 4
_QUANTITY = Decimal("6.5")  # of the product in an average deal
_WHOLE_THOUSANDS = Decimal(1_000)
_MOST_YEARS = 2  # a fiscal year is named after this calendar year or the next one


async def set_targets(tx: Transaction, staff: Staff, now: datetime) -> None:
    """Set the targets of this quarter, the previous one and this year, each on the first day of its period."""
    start_month = await tx.fetch_value(queries.find_fiscal_year_start_month)
    quarter = _quarter_of(now.date(), start_month)
    before = _quarter_of(dates_of(quarter, start_month).starts_on - timedelta(days=1), start_month)
    year = quarter.partition("Q")[0]
    for period in (before, year, quarter):
        starts_at, _ = dates_of(period, start_month).moments("UTC")
        acting = tx.acting(tx.caller, min(starts_at, now))
        revenue = await _set_revenue(acting, staff, period, _QUARTERS if period == year else 1)
        if period == quarter:
            await _set_counts(acting, staff, period)
            await _divide(acting, staff, period, revenue)


async def _set_revenue(tx: Transaction, staff: Staff, period: str, quarters: int) -> dict[str, UUID]:
    return {
        name: await _set(tx, period, {"team_id": staff.teams[name]}, value=_revenue(wins * quarters))
        for name, wins in _WINS_PER_QUARTER.items()
    }


async def _set_counts(tx: Transaction, staff: Staff, period: str) -> None:
    for name, wins in _WINS_PER_QUARTER.items():
        whose = {"team_id": staff.teams[name]}
        await _set(tx, period, whose, metric=Metric.DEALS_WON, value=Decimal(wins))


async def _divide(tx: Transaction, staff: Staff, period: str, revenue: dict[str, UUID]) -> None:
    """Allocate each team's revenue to the teams below it or to its sellers, who get their share as a target."""
    for name, target_id in revenue.items():
        below = [child for child, parent in cast.TEAMS.items() if parent == name]
        shares = [_share(team_id=staff.teams[child], value=_revenue(_WINS_PER_QUARTER[child])) for child in below]
        sellers = staff.of(name, *cast.SELLERS)
        for seller in sellers:
            value = _revenue(Decimal(_WINS_PER_QUARTER[name]) / len(sellers))
            await _set(tx, period, {"team_id": staff.teams[name], "user_id": seller.user_id}, value=value)
            shares.append(_share(user_id=seller.user_id, value=value))
        await replace_allocations(tx, target_id, shares, None)


async def _set(
    tx: Transaction, period: str, whose: dict[str, UUID], *, value: Decimal, metric: Metric = Metric.REVENUE_WON
) -> UUID:
    currency = "USD" if metric is Metric.REVENUE_WON else None
    what = {"metric": metric, "period": period, "target_value": value, "currency": currency}
    target_id: UUID = (await set_target(tx, {"user_id": None, **whose, **what}))["id"]
    return target_id


def _share(**fields: Any) -> dict[str, Any]:
    return {"user_id": None, "team_id": None, **fields}


def _revenue(wins: Decimal | int) -> Decimal:
    """So many deals of the usual size, in whole thousands."""
    prices = [price for _, _, price in cast.PRODUCTS]
    usual = Decimal(sum(prices)) / len(prices) * _QUANTITY
    return (wins * usual / _WHOLE_THOUSANDS).to_integral_value() * _WHOLE_THOUSANDS


def _quarter_of(day: date, start_month: int) -> str:
    names = (f"{day.year + later}Q{number}" for later in range(_MOST_YEARS) for number in range(1, _QUARTERS + 1))
    periods = ((name, dates_of(name, start_month)) for name in names)
    return next(name for name, dates in periods if dates.starts_on <= day < dates.ends_on)
