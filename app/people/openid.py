"""The OpenID provider that the settings name: its keys, and the users that its tokens stand for."""

import time
from collections.abc import Callable

from app.core.address_guard import AddressGuard
from app.core.database import Database
from app.core.guarded_fetch import FetchFailed, GuardedFetcher
from app.core.settings import Settings
from app.people.key_source import KeySource
from app.people.token_claims import Expected
from app.people.token_holder import TokenHolders
from app.people.token_keys import KeyRing
from app.people.token_verification import TokenVerifier

_DISCOVERY = "/.well-known/openid-configuration"


class Provider:
    """Where the keys are: at the url of the settings, or where the provider's own document says (Discovery 1.0 §4)."""

    def __init__(self, fetcher: GuardedFetcher, issuer: str, keys_url: str | None) -> None:
        self._fetcher = fetcher
        self._issuer = issuer
        self._keys_url = keys_url

    async def fetch_keys(self) -> KeyRing:
        """The keys as they are now; raises `FetchFailed`."""
        document = await self._fetcher.fetch(self._keys_url or await self._discover())
        try:
            return KeyRing.read(document)
        except ValueError as error:
            raise FetchFailed(str(error)) from None

    async def _discover(self) -> str:
        document = await self._fetcher.fetch(self._issuer.removesuffix("/") + _DISCOVERY)
        if not isinstance(document, dict) or document.get("issuer") != self._issuer:
            raise FetchFailed("the discovery document is of another issuer")
        url = document.get("jwks_uri")
        if not isinstance(url, str):
            raise FetchFailed("the discovery document names no keys")
        return url


def token_holders(
    settings: Settings,
    database: Database,
    *,
    clock: Callable[[], float] = time.monotonic,
    wall_clock: Callable[[], float] = time.time,
) -> TokenHolders | None:
    """What believes the tokens of the provider; nothing when the settings name none.

    Raises `AddressRefused` when the keys are not at a url that may be asked.
    """
    if settings.openid_issuer is None:
        return None
    guard = AddressGuard(settings.openid_allowed_networks, allow_http=settings.openid_allow_http)
    guard.check_url(settings.openid_jwks_url or settings.openid_issuer)
    provider = Provider(GuardedFetcher(guard), settings.openid_issuer, settings.openid_jwks_url)
    keys = KeySource(provider.fetch_keys, settings.openid_keys_fresh_seconds, clock)
    return TokenHolders(database, TokenVerifier(keys, _expected(settings), wall_clock))


def _expected(settings: Settings) -> Expected:
    return Expected(
        issuer=settings.openid_issuer or "",
        audience=settings.openid_audience or "",
        user_claim=settings.openid_user_claim,
        organization_id=settings.openid_organization_id,
        organization_claim=settings.openid_organization_claim,
        scope_claim=settings.openid_scope_claim,
        leeway_seconds=settings.openid_leeway_seconds,
    )
