"""Keys that nobody has: each costs a look at the database, so a client address may send only so many of them.

What is remembered of them is bounded however many are sent: only what was looked up is, and that is limited.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address

from app.core.problems import Unauthenticated
from app.core.rate_limits import TooManyRequests
from app.core.settings import Settings
from app.core.token_buckets import Buckets, Quota

_POLICY = "unknown-keys"
_ALL_ADDRESSES = 10  # times what one may; an attacker may have many
_MOST_REMEMBERED = 10_000


class Strangers:
    """Who sends keys that were not seen before."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        units, window = settings.rate_limit_unknown_keys, settings.rate_limit_window_seconds
        self._is_limited = units > 0
        self._of_each = Buckets(Quota(_POLICY, units, window), clock=clock)
        self._of_all = Buckets(Quota(_POLICY, units * _ALL_ADDRESSES, window), clock=clock)
        self._remember_seconds = settings.caller_cache_seconds
        self._clock = clock
        self._unknown: dict[str, float] = {}

    @contextmanager
    def asking(self, credential: str, address: str) -> Iterator[None]:
        """Count the look-up in the block, which raises `Unauthenticated` for a key that nobody has.

        Raises it at once for a key that nobody had a moment ago, and `TooManyRequests` for an address with too many.
        """
        if self._unknown.get(credential, 0.0) > self._clock():
            raise Unauthenticated(is_invalid=True)
        spenders = ((self._of_each, _network(address)), (self._of_all, "")) if self._is_limited else ()
        for buckets, spender in spenders:
            if (left := buckets.left(spender)) < 1:
                raise TooManyRequests([_POLICY], buckets.seconds_until_more(left))
        for buckets, spender in spenders:  # now: others ask while this one waits for the database
            buckets.spend(spender, 1)
        is_unknown = False
        try:
            yield
        except Unauthenticated:
            is_unknown = True
            self._remember(credential)
            raise
        finally:
            if not is_unknown:
                for buckets, spender in spenders:
                    buckets.spend(spender, -1)

    def _remember(self, credential: str) -> None:
        if len(self._unknown) >= _MOST_REMEMBERED:
            self._unknown.clear()
        self._unknown[credential] = self._clock() + self._remember_seconds


def _network(address: str) -> str:
    """The address, or the part of one of IPv6 that its owner cannot choose."""
    try:
        parsed = ip_address(address)
    except ValueError:  # a unix socket has none
        return address
    return str(IPv6Address(int(parsed) >> 64 << 64)) if isinstance(parsed, IPv6Address) else address
