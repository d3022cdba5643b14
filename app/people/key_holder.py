"""From an API key to the caller it acts as."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.caller import Caller
from app.core.database import Database, Statement
from app.core.problems import Unauthenticated
from app.people.api_key import ApiKey
from app.people.callers import load_caller
from app.people.key_use import KeyUse
from app.people.tables import api_keys

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


class KeyHolders:
    """Finds who holds a key, and notes that it was used."""

    def __init__(self, database: Database, use: KeyUse) -> None:
        self._database = database
        self._use = use

    async def caller_of(self, key: ApiKey) -> Caller:
        """The caller; raises `Unauthenticated` for anything but a live key of an active user."""
        async with self._database.begin_for_credential(key.id) as tx:
            found = await tx.fetch_one(_find_key, id=key.id)
        if found is None or not key.matches_any(found["secret_sha256"], found["old_secret_sha256"]):
            raise Unauthenticated(is_invalid=True)
        organization_id, scopes = found["organization_id"], tuple(found["scopes"])
        caller = await load_caller(self._database, organization_id, found["user_id"], scopes, key.id)
        self._use.note(organization_id, key.id)
        return caller
