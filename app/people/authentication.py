"""From a bearer credential to the caller, believed for at most a second per process."""

import hashlib
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from functools import partial
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.core.caller import Caller, note_caller
from app.core.problems import Unauthenticated
from app.core.rate_limits import RateLimits
from app.people.api_key import ApiKey
from app.people.key_holder import KeyHolders
from app.people.permissions import demand
from app.people.scopes import demand_scope
from app.people.strangers import Strangers
from app.people.token_holder import TokenHolders

_MOST_CACHED = 10_000


class Authenticator:
    """Finds the caller of a credential; remembers it for `cache_seconds`, which bounds how late a revocation acts.

    A credential that was good before is looked up again whatever `strangers` send.
    """

    def __init__(
        self,
        keys: KeyHolders,
        tokens: TokenHolders | None,
        cache_seconds: float,
        strangers: Strangers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._tokens = tokens
        self._cache_seconds = cache_seconds
        self._strangers = strangers
        self._clock = clock
        self._cache: dict[str, tuple[float, Caller]] = {}

    async def caller_of(self, credential: str, address: str) -> Caller:
        """The caller; raises `Unauthenticated` for anything but a live key, or a genuine token, of an active user.

        Raises `TooManyRequests` when the client's address has sent too many credentials that nobody has, and
        `Unavailable` for a token while the provider's keys are not known.
        """
        digest = hashlib.sha256(credential.encode()).hexdigest()  # tokens are long, and no credential is kept
        cached = self._cache.get(digest)
        if cached is not None and cached[0] > self._clock():
            return cached[1]
        started = self._clock()
        try:
            look_up = await self._recognise(credential)
            with nullcontext() if cached is not None else self._strangers.asking(digest, address):
                caller, seconds_left = await look_up()
        except Unauthenticated:
            self._cache.pop(digest, None)  # from now on it is a stranger's
            raise
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[digest] = (started + min(self._cache_seconds, seconds_left), caller)
        return caller

    async def _recognise(self, credential: str) -> Callable[[], Awaitable[tuple[Caller, float]]]:
        """What asks the database for the caller, and for how many seconds the credential goes on.

        Raises `Unauthenticated` for what needs no database to be refused.
        """
        key = ApiKey.parse(credential)
        if key is not None:
            return partial(self._of_key, key)
        if self._tokens is None:
            raise Unauthenticated(is_invalid=True)
        return partial(self._tokens.caller_of, await self._tokens.recognise(credential))

    async def _of_key(self, key: ApiKey) -> tuple[Caller, float]:
        return await self._keys.caller_of(key), math.inf


_bearer = HTTPBearer(
    scheme_name="api_key", bearerFormat="slk_…", description="An API key of this service.", auto_error=False
)


Credentials = Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]


class Permission:
    """A route's declared permission; as a dependency it gives the caller, or refuses."""

    def __init__(self, action: str | None) -> None:
        self.action = action

    async def __call__(self, request: Request, credentials: Credentials) -> Caller:
        if credentials is None:
            raise Unauthenticated
        authenticator: Authenticator = request.app.state.authenticator
        address = request.client.host if request.client is not None else ""
        caller = await authenticator.caller_of(credentials.credentials, address)
        note_caller(request.scope, caller)
        limits: RateLimits = request.app.state.rate_limits
        limits.charge(request.scope, caller.credential_id, caller.organization_id)
        if self.action is not None:
            demand(caller, self.action)
            demand_scope(caller, self.action)
        return caller


AnyCaller = Annotated[Caller, Depends(Permission(None))]
