"""An OpenID provider on loopback: serves its keys, counts who asks, and breaks as a test tells it."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from app.core.settings import LOOPBACK
from tests.builders.signing_keys import SigningKey

Json = dict[str, Any]

AUDIENCE = "stageline"
KEYS_PATH = "/keys"
DISCOVERY_PATH = "/realm/.well-known/openid-configuration"


@dataclass
class OpenIdProvider:
    keys: list[Json]
    url: str = ""
    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def issuer(self) -> str:
        return f"{self.url}/realm"

    @property
    def settings(self) -> Json:
        """What an operator sets to have its tokens believed; users are known by `sub`, organizations by `org`."""
        return {
            "openid_issuer": self.issuer,
            "openid_audience": AUDIENCE,
            "openid_organization_claim": "org",
            "openid_allow_http": True,
            "openid_allowed_networks": list(LOOPBACK),
        }

    def publish(self, *keys: SigningKey | Json) -> None:
        """Have other keys from now on."""
        self.keys = [key.jwk() if isinstance(key, SigningKey) else key for key in keys]

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked[request.path] += 1
        if self.answer is not None:
            return await self.answer(request)
        if request.path == DISCOVERY_PATH:
            return web.json_response({"issuer": self.issuer, "jwks_uri": f"{self.url}{KEYS_PATH}"})
        if request.path == KEYS_PATH:
            return web.json_response({"keys": self.keys})
        return web.Response(status=404)


@asynccontextmanager
async def provider_with(*keys: SigningKey | Json) -> AsyncIterator[OpenIdProvider]:
    """A provider on a free port, which has these keys."""
    provider = OpenIdProvider([])
    provider.publish(*keys)
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", provider.serve)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
