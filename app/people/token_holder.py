"""From a bearer token of the OpenID provider to the caller it stands for."""

from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy import bindparam

from app.core.caller import Caller
from app.core.database import Database, Statement
from app.core.problems import Unauthenticated
from app.people.bearer_token import TokenRefused
from app.people.callers import load_caller
from app.people.scoping import in_organization
from app.people.tables import users
from app.people.token_claims import EMAIL, Identity
from app.people.token_verification import TokenVerifier

_find_by_external_id = Statement(
    sa.select(users.c.id).where(in_organization(users), users.c.external_id == bindparam("user", type_=sa.Text))
)
_find_by_email = Statement(
    sa.select(users.c.id).where(
        in_organization(users), sa.func.lower(users.c.email) == sa.func.lower(bindparam("user", type_=sa.Text))
    )
)

_log = structlog.get_logger()


class TokenHolders:
    """Finds whom a token stands for, in the organization that the token names: no other is ever looked into."""

    def __init__(self, database: Database, verifier: TokenVerifier) -> None:
        self._database = database
        self._verifier = verifier
        self._find = _find_by_email if verifier.expected.user_claim == EMAIL else _find_by_external_id

    async def recognise(self, credential: str) -> Identity:
        """Who the bearer of a token is, in the provider's words; asks no database.

        Raises `Unauthenticated`, without a word why, for anything but a genuine token, and `Unavailable` when the
        provider's keys are not known.
        """
        try:
            return await self._verifier.identify(credential)
        except TokenRefused as refusal:
            _log.debug("token refused", reason=str(refusal))
            raise Unauthenticated(is_invalid=True) from None

    async def caller_of(self, identity: Identity) -> tuple[Caller, float]:
        """The caller, and for how many seconds the token goes on; raises `Unauthenticated` where nobody is active."""
        organization_id, user_id = identity.organization_id, await self._find_user(identity)
        caller = await load_caller(self._database, organization_id, user_id, identity.scopes, f"tokens of {user_id}")
        return caller, self._verifier.seconds_left(identity)

    async def _find_user(self, identity: Identity) -> UUID:
        async with self._database.begin(Caller.system(identity.organization_id)) as tx:
            user_id: UUID | None = await tx.fetch_value(self._find, user=identity.user)
        if user_id is None:
            _log.debug("token refused", reason="of nobody in the organization")
            raise Unauthenticated(is_invalid=True)
        return user_id
