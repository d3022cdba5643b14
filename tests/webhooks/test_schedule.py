from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.schedule import MAX_ATTEMPTS, delay_before_attempt, next_attempt_at, parse_retry_after

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_spreads_ten_attempts_over_75_6_hours() -> None:
    delays = [delay_before_attempt(number) for number in range(1, MAX_ATTEMPTS + 1)]

    assert len(delays) == 10
    assert delays[:3] == [timedelta(0), timedelta(seconds=5), timedelta(minutes=5)]
    assert delays == sorted(delays)
    assert round(sum(delays, timedelta()) / timedelta(hours=1), 1) == 75.6


@pytest.mark.parametrize("number", [-1, 0, 11])
def test_knows_no_delay_for_other_attempts(number: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 10"):
        delay_before_attempt(number)


def test_makes_the_first_attempt_at_once() -> None:
    assert next_attempt_at(NOW, 0, None, lambda: 0.99) == NOW


@pytest.mark.parametrize("attempts_made", [10, 11])
def test_gives_up_after_the_last_attempt(attempts_made: int) -> None:
    assert next_attempt_at(NOW, attempts_made, 60, lambda: 0.5) is None


@given(attempts_made=st.integers(0, 9), chance=st.floats(0, 1, exclude_max=True))
def test_jitter_only_adds_and_at_most_a_fifth(attempts_made: int, chance: float) -> None:
    delay = delay_before_attempt(attempts_made + 1)

    moment = next_attempt_at(NOW, attempts_made, None, lambda: chance)

    assert moment is not None
    assert NOW + delay <= moment <= NOW + delay * 1.2


@given(
    attempts_made=st.integers(0, 9),
    retry_after=st.integers(0, 86400),
    chance=st.floats(0, 1, exclude_max=True),
)
def test_retry_after_only_delays(attempts_made: int, retry_after: int, chance: float) -> None:
    without = next_attempt_at(NOW, attempts_made, None, lambda: chance)
    asked = next_attempt_at(NOW, attempts_made, retry_after, lambda: chance)

    assert without is not None
    assert asked is not None
    assert asked >= without
    assert asked >= NOW + timedelta(seconds=retry_after)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 7 ", 7),
        ("86401", 86400),
        ("9" * 5000, 86400),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60),
        ("Tue, 24 Nov 2026 12:01:00 -0000", 60),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0),
        ("Tue, 24 Nov 2099 11:00:00 GMT", 86400),
    ],
)
def test_reads_retry_after_as_seconds_or_date(value: str, seconds: int) -> None:
    assert parse_retry_after(value, NOW) == seconds


@pytest.mark.parametrize("value", ["", "-5", "1.5", "soon", "１２", "Tue, 99 Nov 2026 12:01:00 GMT"])
def test_ignores_an_unreadable_retry_after(value: str) -> None:
    assert parse_retry_after(value, NOW) is None


@given(st.text())
def test_survives_any_retry_after(value: str) -> None:
    seconds = parse_retry_after(value, NOW)

    assert seconds is None or 0 <= seconds <= 86400
