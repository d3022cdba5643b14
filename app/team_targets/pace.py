"""How much of a target is attained, and whether that is enough for the time that has gone by.

Shares are exact fractions; what is shown is rounded down to two places, so that `100.00` means attained and a pace
shown as `1.00` means on track.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

from app.team_targets.periods import Dates, business_days

_ON_TRACK = Fraction(1)
_AT_RISK = Fraction(4, 5)


class PaceStatus(StrEnum):
    """A pace of at least 1, of at least 0.8, or less."""

    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Pace:
    """The elapsed share of business days, and the attained share divided by it; null while nothing has elapsed."""

    elapsed_business_days: int
    total_business_days: int
    elapsed_percent: Decimal
    pace: Decimal | None
    status: PaceStatus | None


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """`part` ÷ `whole` × 100, rounded down to two places and never capped."""
    return _shown(_share(part, whole) * 100)


def pace_of(attained: Decimal, target: Decimal, dates: Dates, today: date) -> Pace:
    """The pace on the morning of `today`: the days before it have elapsed, after the end all have."""
    total = business_days(dates.starts_on, dates.ends_on)
    elapsed = business_days(dates.starts_on, min(today, dates.ends_on))
    elapsed_share = Fraction(elapsed, total)
    pace = _share(attained, target) / elapsed_share if elapsed else None
    return Pace(
        elapsed_business_days=elapsed,
        total_business_days=total,
        elapsed_percent=_shown(elapsed_share * 100),
        pace=None if pace is None else _shown(pace),
        status=None if pace is None else _status(pace),
    )


def _status(pace: Fraction) -> PaceStatus:
    if pace >= _ON_TRACK:
        return PaceStatus.ON_TRACK
    return PaceStatus.AT_RISK if pace >= _AT_RISK else PaceStatus.BEHIND


def _share(part: Decimal, whole: Decimal) -> Fraction:
    return Fraction(part) / Fraction(whole)


def _shown(value: Fraction) -> Decimal:
    return Decimal(floor(value * 100)).scaleb(-2)
