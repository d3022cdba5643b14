"""Token buckets: so much at once, and as much again in each window; whoever spends more is in debt for a while.

A bucket is one number, the moment at which it is full again (the generic cell rate algorithm of ATM Forum TM 4.1), so
one that is full need not be kept: there are as many as there are spenders within one window, and never more than
`most_kept`.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from math import ceil

_MOST_KEPT = 10_000
_DIGITS = 6  # a unit that was not spent is not lost to a rounding error


@dataclass(frozen=True, slots=True)
class Quota:
    """So many units at once and in each window; 0 units are no quota at all."""

    name: str
    units: int
    window_seconds: int


class Buckets:
    """The buckets of one quota, by who spends."""

    def __init__(
        self, quota: Quota, *, clock: Callable[[], float] = time.monotonic, most_kept: int = _MOST_KEPT
    ) -> None:
        self.quota = quota
        self._clock = clock
        self._most_kept = most_kept
        self._seconds_per_unit = quota.window_seconds / max(quota.units, 1)
        self._full_at: dict[Hashable, float] = {}

    def __len__(self) -> int:
        return len(self._full_at)

    def left(self, spender: Hashable) -> float:
        """How many units are there; in debt, less than nothing."""
        until_full = self._full_at.get(spender, 0.0) - self._clock()
        if until_full <= 0:
            return self.quota.units
        return round(self.quota.units - until_full / self._seconds_per_unit, _DIGITS)

    def spend(self, spender: Hashable, units: float) -> None:
        """Take units, also those that are not there; negative ones are given back."""
        now = self._clock()
        if len(self._full_at) >= self._most_kept and spender not in self._full_at:
            self._make_room(now)
        self._full_at[spender] = max(self._full_at.get(spender, 0.0), now) + units * self._seconds_per_unit

    def seconds_until_more(self, left: float) -> int:
        """Whole seconds after which there is at least one unit, and one more than there is."""
        return max(1, ceil((max(int(left), 0) + 1 - left) * self._seconds_per_unit))

    def _make_room(self, now: float) -> None:
        """Forget full buckets; where that frees less than half, also the older ones: they are full sooner than kept."""
        self._full_at = {spender: full_at for spender, full_at in self._full_at.items() if full_at > now}
        if (surplus := len(self._full_at) - self._most_kept // 2) > 0:
            for spender in sorted(self._full_at, key=self._full_at.__getitem__)[:surplus]:
                del self._full_at[spender]
