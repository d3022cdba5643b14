"""From a bearer credential to the caller, believed for at most a second per process."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy import bindparam

from app.core.caller import Caller
from app.core.database import Database, Statement
from app.core.problems import Unauthenticated
from app.core.rate_limits import RateLimits
from app.people.api_key import ApiKey
from app.people.permissions import demand
from app.people.scopes import demand_scope
from app.people.scoping import in_organization
from app.people.strangers import Strangers
from app.people.tables import api_keys, teams, users

_MOST_CACHED = 10_000

_old_secret = sa.case((api_keys.c.old_secret_expires_at > sa.func.now(), api_keys.c.old_secret_sha256))
_find_key = Statement(
    sa.select(
        api_keys.c.organization_id,
        api_keys.c.user_id,
        api_keys.c.scopes,
        api_keys.c.secret_sha256,
        _old_secret.label("old_secret_sha256"),
    ).where(
        api_keys.c.id == bindparam("id"),
        api_keys.c.revoked_at.is_(None),
        sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > sa.func.now()),
    )
)

_below = (
    sa.select(teams.c.id).where(in_organization(teams), teams.c.id == bindparam("team_id")).cte("below", recursive=True)
)
_below = _below.union(
    sa.select(teams.c.id).join(_below, teams.c.parent_id == _below.c.id).where(in_organization(teams))
)
_find_teams = Statement(sa.select(_below.c.id))

_find_user = Statement(
    sa.select(users.c.id, users.c.position, users.c.team_id).where(
        in_organization(users), users.c.id == bindparam("id"), users.c.is_active
    )
)


class Authenticator:
    """Finds the caller of a credential; remembers it for `cache_seconds`, which bounds how late a revocation acts.

    A credential that was good before is looked up again whatever `strangers` send.
    """

    def __init__(
        self,
        database: Database,
        cache_seconds: float,
        strangers: Strangers,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._cache_seconds = cache_seconds
        self._strangers = strangers
        self._clock = clock
        self._cache: dict[str, tuple[float, Caller]] = {}

    async def caller_of(self, credential: str, address: str) -> Caller:
        """The caller; raises `Unauthenticated` for anything but a live key of an active user.

        Raises `TooManyRequests` when the client's address has sent too many keys that nobody has.
        """
        cached = self._cache.get(credential)
        if cached is not None and cached[0] > self._clock():
            return cached[1]
        key = ApiKey.parse(credential)
        if key is None:
            raise Unauthenticated(is_invalid=True)
        started = self._clock()
        try:
            with nullcontext() if cached is not None else self._strangers.asking(credential, address):
                caller = await self._look_up(key)
        except Unauthenticated:
            self._cache.pop(credential, None)  # from now on it is a stranger's
            raise
        if len(self._cache) >= _MOST_CACHED:
            self._cache.clear()
        self._cache[credential] = (started + self._cache_seconds, caller)
        return caller

    async def _look_up(self, key: ApiKey) -> Caller:
        async with self._database.begin_for_credential(key.id) as tx:
            found = await tx.fetch_one(_find_key, id=key.id)
        if found is None or not key.matches_any(found["secret_sha256"], found["old_secret_sha256"]):
            raise Unauthenticated(is_invalid=True)
        return await load_caller(self._database, found["organization_id"], found["user_id"], tuple(found["scopes"]))


async def load_caller(database: Database, organization_id: UUID, user_id: UUID, scopes: tuple[str, ...] = ()) -> Caller:
    """The caller that a user is; raises `Unauthenticated` when the user is gone or inactive."""
    async with database.begin(Caller.system(organization_id)) as tx:
        user = await tx.fetch_one(_find_user, id=user_id)
        if user is None:
            raise Unauthenticated(is_invalid=True)
        below = await tx.fetch_all(_find_teams, team_id=user["team_id"])
    team_ids = tuple(row["id"] for row in below)
    return Caller(organization_id, user_id, user["position"], user["team_id"], team_ids, scopes)


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
        limits: RateLimits = request.app.state.rate_limits
        limits.charge(request.scope, credentials.credentials, caller.organization_id)
        if self.action is not None:
            demand(caller, self.action)
            demand_scope(caller, self.action)
        return caller


AnyCaller = Annotated[Caller, Depends(Permission(None))]
