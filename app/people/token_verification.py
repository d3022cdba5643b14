"""Whether a bearer token is genuine, meant for this service, and valid now."""

import time
from collections.abc import Callable

from app.people.bearer_token import TokenRefused, read_token
from app.people.key_source import KeySource
from app.people.token_claims import Expected, Identity, identify


class TokenVerifier:
    """Believes the tokens of one provider.

    What is claimed is checked before the signature: a token of another provider has no keys fetched.
    """

    def __init__(self, keys: KeySource, expected: Expected, wall_clock: Callable[[], float] = time.time) -> None:
        self.expected = expected
        self._keys = keys
        self._wall_clock = wall_clock

    async def identify(self, credential: str) -> Identity:
        """Who the bearer is; raises `TokenRefused`, and `Unavailable` when the provider's keys are not known."""
        token = read_token(credential)
        identity = identify(token.claims, self.expected, self._wall_clock())
        key = await self._keys.key_for(token.key_id, token.algorithm)
        if not key.verifies(token.algorithm, token.signed, token.signature):
            raise TokenRefused("not signed with the key that it names")
        return identity

    def seconds_left(self, identity: Identity) -> float:
        """For how long the token goes on; not above zero when only the leeway keeps it valid."""
        return identity.expires_at - self._wall_clock()
