"""The provider's keys as they are known here: fetched by one for all, seldom, and believed through an outage.

Whoever sends tokens decides neither how often the provider is asked nor how long others wait for it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from app.core.guarded_fetch import FetchFailed
from app.core.problems import Unavailable
from app.people.bearer_token import TokenRefused
from app.people.token_keys import KeyRing, TokenKey

ONCE_IN_SECONDS = 30.0
BELIEVED_SECONDS = 24 * 3_600.0

_log = structlog.get_logger()


class KeySource:
    """Gives keys by their ids; asks the provider at most once in 30 seconds, whatever for."""

    def __init__(
        self,
        fetch: Callable[[], Awaitable[KeyRing]],
        fresh_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._ring = KeyRing(frozenset())
        self._fetched_at = self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    async def key_for(self, key_id: str | None, algorithm: str) -> TokenKey:
        """The key that a token names.

        Raises `TokenRefused` for a key that the provider does not have, and `Unavailable` when nobody knows: its keys
        could never be fetched, or not for a day.
        """
        if self._age() > BELIEVED_SECONDS:
            await self._ask()
            if self._age() > BELIEVED_SECONDS:
                raise Unavailable("The keys of the OpenID provider cannot be had right now.")
        elif self._age() > self._fresh_seconds:
            self._start()  # who sends a token with a known key does not wait for it
        key = self._ring.find(key_id, algorithm)
        if key is None:
            await self._ask()
            key = self._ring.find(key_id, algorithm)
        if key is None:
            raise TokenRefused("signed with a key that the provider does not have")
        return key

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _ask(self) -> None:
        """Wait for the keys that are being fetched, by now or from now on; not when they were asked for just before."""
        task = self._start()
        if task is not None:
            await asyncio.shield(task)  # who leaves must not take the answer from the others

    def _start(self) -> asyncio.Task[None] | None:
        if self._asking is not None and not self._asking.done():
            return self._asking
        if self._clock() - self._asked_at < ONCE_IN_SECONDS:
            return None
        self._asked_at = self._clock()
        self._asking = asyncio.create_task(self._renew(self._asked_at))
        return self._asking

    async def _renew(self, asked_at: float) -> None:
        try:
            self._ring = await self._fetch()
        except FetchFailed as error:
            _log.warning("keys of the OpenID provider not fetched", reason=str(error))
        else:
            self._fetched_at = asked_at
