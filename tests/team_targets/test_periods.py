from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.team_targets.periods import business_days, dates_of

# with clocks that skip midnight (Beirut, Santiago), repeat it (Havana), and shift by half hours (Lord Howe)
ZONES = (
    "UTC",
    "America/New_York",
    "Asia/Beirut",
    "America/Santiago",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Kiritimati",
)
PERIODS = [f"{year}{rest}" for year in (2024, 2026, 2037) for rest in ("", "Q1", "Q2", "Q3", "Q4", "-03", "-04", "-11")]
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2038, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 # hypothesis adds the zone
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("period", "start_month", "starts_on", "ends_on"),
    [
        ("2026", 1, "2026-01-01", "2027-01-01"),
        ("2026", 7, "2025-07-01", "2026-07-01"),
        ("2026", 2, "2025-02-01", "2026-02-01"),
        ("2026", 12, "2025-12-01", "2026-12-01"),
        ("2026Q1", 1, "2026-01-01", "2026-04-01"),
        ("2026Q4", 1, "2026-10-01", "2027-01-01"),
        ("2026Q1", 7, "2025-07-01", "2025-10-01"),
        ("2026Q3", 7, "2026-01-01", "2026-04-01"),
        ("2026Q4", 7, "2026-04-01", "2026-07-01"),
        ("2026Q1", 11, "2025-11-01", "2026-02-01"),
        ("2026-11", 1, "2026-11-01", "2026-12-01"),
        ("2026-12", 7, "2026-12-01", "2027-01-01"),
    ],
)
def test_a_fiscal_year_is_named_after_the_year_in_which_it_ends(
    period: str, start_month: int, starts_on: str, ends_on: str
) -> None:
    dates = dates_of(period, start_month)

    assert (dates.starts_on.isoformat(), dates.ends_on.isoformat()) == (starts_on, ends_on)


@given(year=st.integers(2001, 2098), start_month=st.integers(1, 12))
def test_quarters_follow_each_other_and_make_the_year(year: int, start_month: int) -> None:
    quarters = [dates_of(f"{year}Q{number}", start_month) for number in (1, 2, 3, 4)]
    whole = dates_of(str(year), start_month)

    assert [each.starts_on for each in quarters[1:]] == [each.ends_on for each in quarters[:-1]]
    assert (quarters[0].starts_on, quarters[-1].ends_on) == (whole.starts_on, whole.ends_on)
    assert (whole.ends_on - timedelta(days=1)).year == year


@pytest.mark.parametrize("period", ["", "26", "2026Q5", "2026Q0", "2026-13", "2026-00", "2026-1", "2026-11\n", "٢٠٢٦"])
def test_refuses_what_is_no_period(period: str) -> None:
    with pytest.raises(ValueError, match="a period is"):
        dates_of(period, 1)


@given(moment=MOMENTS, period=st.sampled_from(PERIODS), start_month=st.integers(1, 12), zone=st.sampled_from(ZONES))
def test_a_moment_counts_when_its_local_date_lies_in_the_period(
    moment: datetime, period: str, start_month: int, zone: str
) -> None:
    dates = dates_of(period, start_month)

    since, until = dates.moments(zone)

    is_inside = dates.starts_on <= moment.astimezone(ZoneInfo(zone)).date() < dates.ends_on
    assert (since <= moment < until) == is_inside


@given(
    seconds=st.integers(-7_200, 7_200),
    period=st.sampled_from(PERIODS),
    start_month=st.integers(1, 12),
    zone=st.sampled_from(ZONES),
)
def test_the_boundaries_are_exact_to_the_second(seconds: int, period: str, start_month: int, zone: str) -> None:
    dates = dates_of(period, start_month)
    since, until = dates.moments(zone)
    near_start, near_end = since + timedelta(seconds=seconds), until + timedelta(seconds=seconds)

    local_start, local_end = (each.astimezone(ZoneInfo(zone)).date() for each in (near_start, near_end))

    assert (local_start >= dates.starts_on) == (seconds >= 0)
    assert (local_end < dates.ends_on) == (seconds < 0)


@given(since=DAYS, until=DAYS)
def test_business_days_are_mondays_to_fridays(since: date, until: date) -> None:
    days = (since + timedelta(days=offset) for offset in range((until - since).days))

    assert business_days(since, until) == sum(day.isoweekday() <= 5 for day in days)
