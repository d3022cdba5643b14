import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from fastapi import FastAPI

from app.core.caller import Caller
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from app.people.openid import token_holders
from app.people.token_holder import TokenHolders
from tests.builders.openid_provider import AUDIENCE, OpenIdProvider, provider_with
from tests.builders.signing_keys import Json, signing_key
from tests.builders.stopped_clock import StoppedClock
from tests.department import Actor, Department


@dataclass
class SignIn:
    """A provider that a service believes, and both clocks of that service."""

    provider: OpenIdProvider
    settings: Settings
    holders: TokenHolders
    clock: StoppedClock
    wall_clock: StoppedClock

    async def caller_of(self, token: str) -> Caller:
        """Whom the service finds for a token."""
        caller, _ = await self.holders.caller_of(await self.holders.recognise(token))
        return caller

    def claims(self, department: Department, actor: Actor, **claims: object) -> Json:
        """The claims of a token that is believed: `sub` is the person's external id."""
        now = self.wall_clock()
        return {
            "iss": self.provider.issuer,
            "aud": AUDIENCE,
            "sub": f"sub-{actor.user_id}",
            "org": str(department.organization_id),
            "iat": now - 10,
            "exp": now + 300,
            **claims,
        }


@pytest.fixture(scope="session")
def settings(settings: Settings) -> Settings:
    """Here, what becomes of callers is seen at once, and not within a second."""
    return settings.model_copy(update={"caller_cache_seconds": 0})


@pytest.fixture(scope="session")
def app(settings: Settings, database: Database) -> FastAPI:
    return create_app(settings, database)


@pytest.fixture
async def sign_in(settings: Settings, database: Database) -> AsyncIterator[SignIn]:
    async with provider_with(signing_key("RS256"), signing_key("ES256")) as provider:
        given = settings.model_copy(update=provider.settings)
        clock, wall_clock = StoppedClock(), StoppedClock(time.time())
        holders = token_holders(given, database, clock=clock, wall_clock=wall_clock)
        assert holders is not None
        yield SignIn(provider, given, holders, clock, wall_clock)


@pytest.fixture
async def ann(department: Department) -> Actor:
    """A representative whom the provider knows as `sub-<her id>`."""
    ann = await department.representative()
    await department.operations.patch(f"/users/{ann.user_id}", {"external_id": f"sub-{ann.user_id}"})
    return ann
