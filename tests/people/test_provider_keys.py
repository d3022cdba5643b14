"""How the provider's keys are had: from a real server, by a clock that the tests move."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from aiohttp import web

from app.core.address_guard import AddressGuard
from app.core.database import Database
from app.core.destination import AddressRefused
from app.core.guarded_fetch import MOST_BYTES, FetchFailed, GuardedFetcher
from app.core.problems import Unauthenticated, Unavailable
from app.core.settings import LOOPBACK
from app.people.openid import token_holders
from tests.builders.openid_provider import DISCOVERY_PATH, KEYS_PATH, provider_with
from tests.builders.signing_keys import Json, SigningKey, signing_key
from tests.department import Actor, Department
from tests.people.conftest import SignIn

DAY, NEVER_BEFORE = 24 * 3_600, 30
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def outcome(sign_in: SignIn, token: str) -> str:
    try:
        await sign_in.caller_of(token)
    except Unauthenticated:
        return "refused"
    except Unavailable:
        return "unavailable"
    return "believed"


async def broken(_request: web.Request) -> web.StreamResponse:
    return web.Response(status=500)


async def test_a_flood_of_unknown_keys_asks_the_provider_once_in_30_seconds(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    good, claims = signing_key("RS256").token(sign_in.claims(department, ann)), sign_in.claims(department, ann)
    own = signing_key("ES256", "attacker")
    assert await outcome(sign_in, good) == "believed"
    sign_in.clock.now += NEVER_BEFORE
    asked_before = sign_in.provider.asked[KEYS_PATH]

    flood = [own.token(claims, kid=f"unknown-{number}") for number in range(10_000)]
    outcomes: set[str] = set()
    for start in range(0, len(flood), 100):
        sign_in.clock.now += (NEVER_BEFORE - 1) / 100
        outcomes.update(await asyncio.gather(*(outcome(sign_in, token) for token in flood[start : start + 100])))

    assert outcomes == {"refused"}
    assert sign_in.provider.asked[KEYS_PATH] - asked_before == 1
    assert await outcome(sign_in, good) == "believed"


async def test_everybody_waits_for_one_answer(sign_in: SignIn, department: Department, ann: Actor) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))

    outcomes = await asyncio.gather(*(outcome(sign_in, token) for _ in range(50)))

    assert set(outcomes) == {"believed"}
    assert sign_in.provider.asked == {DISCOVERY_PATH: 1, KEYS_PATH: 1}


async def test_who_leaves_does_not_take_the_answer_from_the_others(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))
    is_asked, may_answer = asyncio.Event(), asyncio.Event()

    async def slowly(_request: web.Request) -> web.StreamResponse:
        is_asked.set()
        await may_answer.wait()
        sign_in.provider.answer = None
        return await sign_in.provider.serve(_request)

    sign_in.provider.answer = slowly
    leaving = asyncio.create_task(outcome(sign_in, token))
    staying = asyncio.create_task(outcome(sign_in, token))
    await is_asked.wait()

    leaving.cancel()
    await asyncio.wait([leaving])
    may_answer.set()

    assert await staying == "believed"


async def test_a_new_key_is_found_with_its_first_token(sign_in: SignIn, department: Department, ann: Actor) -> None:
    old, new = signing_key("RS256"), signing_key("ES256", "new")
    claims = sign_in.claims(department, ann)
    assert await outcome(sign_in, old.token(claims)) == "believed"
    sign_in.provider.publish(old, new)

    assert await outcome(sign_in, new.token(claims)) == "refused"
    sign_in.clock.now += NEVER_BEFORE
    assert await outcome(sign_in, new.token(claims)) == "believed"


async def test_a_withdrawn_key_is_believed_for_as_long_as_keys_are_fresh(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    old, new = signing_key("RS256"), signing_key("ES256", "new")
    claims = sign_in.claims(department, ann)
    assert await outcome(sign_in, old.token(claims)) == "believed"
    sign_in.provider.publish(new)

    sign_in.clock.now += sign_in.settings.openid_keys_fresh_seconds + 1
    await outcome(sign_in, old.token(claims))  # has them fetched, and does not wait
    assert await outcome(sign_in, new.token(claims)) == "believed"
    assert await outcome(sign_in, old.token(claims)) == "refused"


async def test_a_provider_that_withdraws_all_keys_is_heard(sign_in: SignIn, department: Department, ann: Actor) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))
    assert await outcome(sign_in, token) == "believed"
    sign_in.provider.publish()

    sign_in.clock.now += NEVER_BEFORE
    await outcome(sign_in, signing_key("ES256", "unknown").token(sign_in.claims(department, ann)))

    assert await outcome(sign_in, token) == "refused"


async def test_known_keys_are_believed_through_an_outage_of_a_day_and_no_longer(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))
    assert await outcome(sign_in, token) == "believed"
    sign_in.provider.answer = broken

    sign_in.clock.now += DAY
    assert await outcome(sign_in, token) == "believed"
    sign_in.clock.now += 1
    assert await outcome(sign_in, token) == "unavailable"

    sign_in.provider.answer = None
    assert await outcome(sign_in, token) == "unavailable"  # asked a moment ago
    sign_in.clock.now += NEVER_BEFORE
    assert await outcome(sign_in, token) == "believed"


async def test_a_provider_that_was_never_reached_makes_tokens_unavailable_and_is_asked_seldom(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))
    sign_in.provider.answer = broken

    outcomes = [await outcome(sign_in, token) for _ in range(20)]

    assert set(outcomes) == {"unavailable"}
    assert sign_in.provider.asked == {DISCOVERY_PATH: 1}


async def test_a_token_that_is_not_for_this_service_asks_nobody(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    for wrong in ({"iss": "https://other.example"}, {"aud": "other"}, {"exp": 1}, {"sub": None}, {"org": "acme"}):
        token = signing_key("RS256").token(sign_in.claims(department, ann, **wrong))

        assert await outcome(sign_in, token) == "refused"
    assert sign_in.provider.asked == {}


@pytest.mark.parametrize(
    "algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]
)
async def test_every_allowed_algorithm_is_verified(
    sign_in: SignIn, department: Department, ann: Actor, algorithm: str
) -> None:
    key, other = (
        signing_key(algorithm),
        SigningKey(f"key-{algorithm}", algorithm, signing_key(algorithm, "other").private),
    )
    sign_in.provider.publish(key)

    assert await outcome(sign_in, key.token(sign_in.claims(department, ann))) == "believed"
    assert await outcome(sign_in, other.token(sign_in.claims(department, ann))) == "refused"


async def elsewhere(request: web.Request) -> web.StreamResponse:
    raise web.HTTPFound(f"http://{request.host}{KEYS_PATH}?again")


async def too_large(_request: web.Request) -> web.StreamResponse:
    return web.json_response({"keys": [], "padding": "x" * MOST_BYTES})


async def no_json(_request: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>")


async def twice(_request: web.Request) -> web.StreamResponse:
    return web.Response(text='{"keys": [], "keys": []}')


async def compressed(_request: web.Request) -> web.StreamResponse:
    response = web.json_response({"keys": []})
    response.enable_compression(web.ContentCoding.gzip)
    return response


async def no_set(_request: web.Request) -> web.StreamResponse:
    return web.json_response([1])


async def broken_off(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "100"})
    await response.prepare(request)
    assert request.transport is not None
    request.transport.abort()
    return response


async def silent(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    return web.Response()


@pytest.mark.parametrize("answer", [elsewhere, too_large, no_json, twice, compressed, broken_off, silent, broken])
async def test_what_is_no_document_is_not_read(answer: Answer) -> None:
    async with provider_with(signing_key("RS256")) as provider:
        provider.answer = answer
        guard = AddressGuard(LOOPBACK, allow_http=True)

        with pytest.raises(FetchFailed):
            await GuardedFetcher(guard, deadline_seconds=0.2).fetch(f"{provider.url}{KEYS_PATH}")

        assert sum(provider.asked.values()) == 1


async def test_keys_that_cannot_be_read_leave_the_known_ones(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))
    assert await outcome(sign_in, token) == "believed"
    sign_in.provider.answer = no_set

    sign_in.clock.now += NEVER_BEFORE
    await outcome(sign_in, signing_key("ES256", "unknown").token(sign_in.claims(department, ann)))

    assert sign_in.provider.asked[DISCOVERY_PATH] == 2
    assert await outcome(sign_in, token) == "believed"


def discovering(**members: object) -> Answer:
    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(members)

    return answer


async def test_a_discovery_document_of_another_issuer_or_without_keys_is_not_followed(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))
    keys_url = f"{sign_in.provider.url}{KEYS_PATH}"
    wrong: list[Json] = [
        {"issuer": sign_in.provider.url, "jwks_uri": keys_url},
        {"jwks_uri": keys_url},
        {"issuer": sign_in.provider.issuer},
        {"issuer": sign_in.provider.issuer, "jwks_uri": 1},
        {"issuer": sign_in.provider.issuer, "jwks_uri": "file:///etc/passwd"},
        {"issuer": sign_in.provider.issuer, "jwks_uri": "http://169.254.169.254/latest/meta-data"},
        {"issuer": sign_in.provider.issuer, "jwks_uri": "http://10.0.0.1/keys"},
    ]
    for members in wrong:
        sign_in.provider.answer = discovering(**members)
        sign_in.clock.now += NEVER_BEFORE

        assert await outcome(sign_in, token) == "unavailable"
    assert sign_in.provider.asked == {DISCOVERY_PATH: len(wrong)}


async def test_without_leave_keys_come_by_https_from_public_addresses_only(
    sign_in: SignIn, database: Database, department: Department, ann: Actor
) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann))
    with pytest.raises(AddressRefused):
        token_holders(sign_in.settings.model_copy(update={"openid_allow_http": False}), database)

    holders = token_holders(sign_in.settings.model_copy(update={"openid_allowed_networks": []}), database)
    assert holders is not None
    with pytest.raises(Unavailable):
        await holders.recognise(token)
    assert sign_in.provider.asked == {}


async def test_the_keys_url_of_the_settings_is_asked_without_discovery(
    sign_in: SignIn, database: Database, department: Department, ann: Actor
) -> None:
    given = sign_in.settings.model_copy(update={"openid_jwks_url": f"{sign_in.provider.url}{KEYS_PATH}"})
    holders = token_holders(given, database)
    assert holders is not None

    await holders.recognise(signing_key("RS256").token(sign_in.claims(department, ann)))

    assert sign_in.provider.asked == {KEYS_PATH: 1}
