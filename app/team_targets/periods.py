"""Periods of targets, as half-open ranges of dates, and the business days in them.

- `2026` is fiscal year 2026, named after the calendar year in which it ends: with a start in July it runs from
  1 July 2025 to 30 June 2026. With a start in January it is the calendar year.
- `2026Q4` is the fourth quarter of that fiscal year: three months, beginning nine months after the year's start.
- `2026-11` is the calendar month November 2026, whatever the fiscal year.

A range `[starts_on, ends_on)` begins at midnight in the organization's time zone. Business days are Monday to Friday;
there is no calendar of holidays.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

PERIOD_PATTERN = r"^(20[0-9]{2})(?:Q([1-4])|-(0[1-9]|1[0-2]))?$"

_PERIOD = re.compile(PERIOD_PATTERN)
_MONTHS_PER_QUARTER = 3
_MONTHS_PER_YEAR = 12
_DAYS_PER_WEEK = 7
_BUSINESS_DAYS_PER_WEEK = 5


@dataclass(frozen=True, slots=True)
class Dates:
    """A half-open range: the first day, and the day after the last."""

    starts_on: date
    ends_on: date

    def moments(self, time_zone: str) -> tuple[datetime, datetime]:
        """The same range in UTC, from the first moment of the first day there to the first after the last day."""
        return _midnight(self.starts_on, time_zone), _midnight(self.ends_on, time_zone)


def dates_of(period: str, fiscal_year_start_month: int) -> Dates:
    """The dates of a period such as `2026`, `2026Q4` or `2026-11`; raises `ValueError` for anything else."""
    match = _PERIOD.fullmatch(period)
    if match is None:
        raise ValueError("a period is a year, a quarter (2026Q4) or a month (2026-11)")
    year, quarter, month = int(match[1]), match[2], match[3]
    if month is not None:
        return _months(year, int(month), 1)
    first_year = year if fiscal_year_start_month == 1 else year - 1
    if quarter is not None:
        later = (int(quarter) - 1) * _MONTHS_PER_QUARTER
        return _months(first_year, fiscal_year_start_month + later, _MONTHS_PER_QUARTER)
    return _months(first_year, fiscal_year_start_month, _MONTHS_PER_YEAR)


def business_days(since: date, until: date) -> int:
    """How many days from Monday to Friday lie in `[since, until)`; 0 when it is empty."""
    weeks, rest = divmod(max((until - since).days, 0), _DAYS_PER_WEEK)
    days = ((since.weekday() + offset) % _DAYS_PER_WEEK for offset in range(rest))
    return weeks * _BUSINESS_DAYS_PER_WEEK + sum(day < _BUSINESS_DAYS_PER_WEEK for day in days)


def _months(year: int, month: int, count: int) -> Dates:
    return Dates(_first_of(year, month), _first_of(year, month + count))


def _first_of(year: int, month: int) -> date:
    years, months = divmod(month - 1, _MONTHS_PER_YEAR)
    return date(year + years, months + 1, 1)


def _midnight(day: date, time_zone: str) -> datetime:
    # where clocks skip midnight, fold=0 gives the moment of the change: the day's first
    return datetime.combine(day, time.min, ZoneInfo(time_zone)).astimezone(UTC)
