"""When a delivery is tried again: 10 attempts over 75.6 hours, each at its time or later, never before it."""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_DELAYS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
MAX_ATTEMPTS = len(_DELAYS)
MAX_RETRY_AFTER_SECONDS = 24 * 60 * 60
JITTER = 0.2


def delay_before_attempt(attempt_number: int) -> timedelta:
    """Give the wait between the previous attempt and this one, numbered from 1; the first has none.

    Raises ValueError for a number outside 1 to 10.
    """
    if not 1 <= attempt_number <= MAX_ATTEMPTS:
        raise ValueError(f"attempts are numbered from 1 to {MAX_ATTEMPTS}")
    return _DELAYS[attempt_number - 1]


def next_attempt_at(
    now: datetime, attempts_made: int, retry_after_seconds: int | None, random: Callable[[], float]
) -> datetime | None:
    """Tell when to try again after `attempts_made` attempts, or None when that was the last one.

    `random` gives numbers in [0, 1): the jitter adds up to 20 % of the delay and never takes away. What the receiver
    asked for in Retry-After counts only where it is later. Raises ValueError for a negative number of attempts.
    """
    if attempts_made >= MAX_ATTEMPTS:
        return None
    delay = delay_before_attempt(attempts_made + 1)
    asked_for = timedelta(seconds=retry_after_seconds or 0)
    return now + max(delay, asked_for) + delay * (JITTER * random())


def parse_retry_after(value: str, now: datetime) -> int | None:
    """Read a Retry-After header, seconds or an HTTP date (RFC 9110 10.2.3), as seconds between 0 and 24 hours.

    Gives None for a value that is neither.
    """
    value = value.strip()
    if value.isascii() and value.isdigit():
        # Python refuses to convert thousands of digits; ten are beyond the cap already.
        seconds = int(value) if len(value) <= 10 else MAX_RETRY_AFTER_SECONDS  # noqa: PLR2004
    else:
        try:
            moment = parsedate_to_datetime(value)
            if moment.tzinfo is None:  # "-0000" says UTC without a known zone
                moment = moment.replace(tzinfo=UTC)
            seconds = math.ceil((moment - now).total_seconds())
        except (ValueError, OverflowError):
            return None
    return min(max(seconds, 0), MAX_RETRY_AFTER_SECONDS)
