from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.team_targets.pace import PaceStatus, pace_of, percent
from app.team_targets.periods import Dates

NOVEMBER = Dates(date(2026, 11, 1), date(2026, 12, 1))  # 21 business days; the 1st is a Sunday
AMOUNTS = st.decimals(Decimal("0.01"), Decimal("9999999999999999.99"), places=2)


@pytest.mark.parametrize(
    ("today", "attained", "expected"),
    [
        ("2026-10-31", "500", (0, "0.00", None, None)),
        ("2026-11-02", "500", (0, "0.00", None, None)),
        ("2026-11-03", "100", (1, "4.76", "2.10", "on_track")),
        ("2026-11-16", "476.20", (10, "47.61", "1.00", "on_track")),
        ("2026-11-16", "476.19", (10, "47.61", "0.99", "at_risk")),
        ("2026-11-16", "380.96", (10, "47.61", "0.80", "at_risk")),
        ("2026-11-16", "380.95", (10, "47.61", "0.79", "behind")),
        ("2026-11-30", "1000", (20, "95.23", "1.05", "on_track")),
        ("2026-12-01", "1000", (21, "100.00", "1.00", "on_track")),
        ("2027-06-01", "799.99", (21, "100.00", "0.79", "behind")),
        ("2027-06-01", "0", (21, "100.00", "0.00", "behind")),
    ],
)
def test_pace_is_the_attained_share_of_the_elapsed_share(
    today: str, attained: str, expected: tuple[int, str, str | None, str | None]
) -> None:
    found = pace_of(Decimal(attained), Decimal(1000), NOVEMBER, date.fromisoformat(today))

    pace = None if found.pace is None else str(found.pace)
    assert (found.elapsed_business_days, str(found.elapsed_percent), pace, found.status) == expected
    assert found.total_business_days == 21


@given(attained=AMOUNTS, target=AMOUNTS)
def test_what_is_shown_never_says_more_than_what_is_so(attained: Decimal, target: Decimal) -> None:
    shown = percent(attained, target)
    found = pace_of(attained, target, NOVEMBER, date(2027, 1, 1))

    assert (shown >= 100) == (attained >= target)
    assert found.pace is not None
    assert (found.status is PaceStatus.ON_TRACK) == (found.pace >= 1)
    assert (found.status is PaceStatus.BEHIND) == (found.pace < Decimal("0.8"))


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [
        ("1", "3", "33.33"),
        ("2", "3", "66.66"),
        ("999.999", "1000", "99.99"),
        ("3", "2", "150.00"),
        ("-1", "3", "-33.34"),
    ],
)
def test_percentages_are_rounded_down_and_never_capped(part: str, whole: str, shown: str) -> None:
    assert str(percent(Decimal(part), Decimal(whole))) == shown
