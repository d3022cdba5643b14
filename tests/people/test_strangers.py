"""Keys that nobody has: they cannot make the service look at the database without end."""

import asyncpg
import httpx
import pytest

from app.core.database import Database
from app.core.problems import Unauthenticated
from app.core.rate_limits import TooManyRequests
from app.core.settings import Settings
from app.main import create_app
from app.people.api_key import ApiKey
from app.people.authentication import Authenticator
from app.people.key_holder import KeyHolders
from app.people.key_use import KeyUse
from app.people.strangers import Strangers
from tests.builders.stopped_clock import StoppedClock
from tests.department import Department

HERE, ELSEWHERE = "198.51.100.1", "203.0.113.9"


def authenticator(settings: Settings, database: Database, most: int, clock: StoppedClock) -> Authenticator:
    some = settings.model_copy(update={"rate_limit_unknown_keys": most, "caller_cache_seconds": 1.0})
    return Authenticator(KeyHolders(database, KeyUse(database)), None, 1.0, Strangers(some, clock), clock)


async def refusals(callers: Authenticator, count: int, address: str = HERE) -> list[type[Exception]]:
    """What so many keys that nobody has are refused with."""
    refused: list[type[Exception]] = []
    for _ in range(count):
        try:
            await callers.caller_of(str(ApiKey.generate()), address)
        except (Unauthenticated, TooManyRequests) as problem:
            refused.append(type(problem))
    return refused


async def test_an_address_may_send_so_many_and_others_are_not_meant(settings: Settings, database: Database) -> None:
    clock = StoppedClock()
    callers = authenticator(settings, database, 3, clock)

    assert await refusals(callers, 4) == [Unauthenticated] * 3 + [TooManyRequests]
    assert await refusals(callers, 1, ELSEWHERE) == [Unauthenticated]
    clock.now += settings.rate_limit_window_seconds
    assert await refusals(callers, 1) == [Unauthenticated]


async def test_so_many_addresses_as_one_likes_have_looked_up_no_more_than_all_may(
    settings: Settings, database: Database
) -> None:
    callers = authenticator(settings, database, 3, StoppedClock())
    before = database.use.acquired

    for number in range(200):
        await refusals(callers, 1, f"198.51.100.{number}")

    assert database.use.acquired - before == 30


async def test_the_half_of_an_address_that_its_owner_chooses_does_not_count(
    settings: Settings, database: Database
) -> None:
    callers = authenticator(settings, database, 1, StoppedClock())

    assert await refusals(callers, 1, "2001:db8::1") == [Unauthenticated]
    assert await refusals(callers, 1, "2001:db8::2") == [TooManyRequests]
    assert await refusals(callers, 1, "2001:db8:0:1::2") == [Unauthenticated]


async def test_one_key_sent_again_and_again_is_looked_up_once_in_a_while(
    settings: Settings, database: Database
) -> None:
    clock = StoppedClock()
    callers = authenticator(settings, database, 3, clock)
    key, before = str(ApiKey.generate()), database.use.acquired

    for _ in range(50):
        with pytest.raises(Unauthenticated):
            await callers.caller_of(key, HERE)

    assert database.use.acquired - before == 1


async def test_whoever_was_known_stays_so_while_strangers_are_refused(
    settings: Settings, database: Database, department: Department
) -> None:
    clock = StoppedClock()
    callers = authenticator(settings, database, 3, clock)
    rep = await department.hire("sales_representative")
    await callers.caller_of(department.operations.key, HERE)
    await refusals(callers, 5)
    clock.now += 1.5  # what is known of the caller must be looked up again

    assert (await callers.caller_of(department.operations.key, HERE)).user_id == department.operations.user_id
    await refusals(callers, 5)
    with pytest.raises(TooManyRequests):
        await callers.caller_of(rep.key, HERE)


async def test_keys_that_somebody_has_cost_an_address_nothing(
    settings: Settings, database: Database, department: Department
) -> None:
    callers = authenticator(settings, database, 3, StoppedClock())

    for _ in range(10):
        rep = await department.hire("sales_representative")
        await callers.caller_of(rep.key, HERE)


async def test_a_key_that_was_revoked_is_a_strangers(
    settings: Settings, database: Database, department: Department, owner: asyncpg.Connection
) -> None:
    clock = StoppedClock()
    callers = authenticator(settings, database, 3, clock)
    rep = await department.hire("sales_representative")
    await callers.caller_of(rep.key, HERE)
    await owner.execute("UPDATE api_keys SET revoked_at = now() WHERE user_id = $1", rep.user_id)
    clock.now += 1.5
    before = database.use.acquired

    for _ in range(20):
        with pytest.raises(Unauthenticated):
            await callers.caller_of(rep.key, HERE)

    assert database.use.acquired - before == 2  # once as somebody known, once as a stranger


async def test_the_answer_is_429_with_the_time_to_wait(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)
    app.state.authenticator = authenticator(settings, database, 1, StoppedClock())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test") as client:
        answers = [
            await client.get("/v1/me", headers={"Authorization": f"Bearer {ApiKey.generate()}"}) for _ in range(2)
        ]

    assert [each.status_code for each in answers] == [401, 429]
    assert (answers[1].json()["violated-policies"], answers[1].headers["retry-after"]) == (["unknown-keys"], "10")
