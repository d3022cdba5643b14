import pytest

from app.core.problems import Unauthenticated
from tests.builders.bad_tokens import Forger
from tests.builders.openid_provider import KEYS_PATH, provider_with
from tests.builders.signing_keys import SigningKey, compact, signing_key
from tests.department import Actor, Department
from tests.people.conftest import SignIn


async def is_believed(sign_in: SignIn, token: str) -> bool:
    try:
        await sign_in.caller_of(token)
    except Unauthenticated:
        return False
    return True


async def test_no_token_of_the_corpus_is_believed(sign_in: SignIn, department: Department, ann: Actor) -> None:
    claims = sign_in.claims(department, ann)
    async with provider_with(signing_key("RS256", "attacker")) as attacker:
        forger = Forger(claims, sign_in.wall_clock(), signing_key("RS256"), signing_key("ES256"), attacker.url)
        assert await is_believed(sign_in, forger.genuine.token(claims))

        corpus = dict(forger.tokens())
        believed = [name for name, token in corpus.items() if await is_believed(sign_in, token)]

        assert believed == []
        assert len(corpus) > 250
        assert attacker.asked == {}
        assert sign_in.provider.asked[KEYS_PATH] == 1


async def test_nobody_of_another_organization_is_found(
    sign_in: SignIn, other_department: Department, ann: Actor
) -> None:
    elsewhere = sign_in.claims(other_department, ann)

    assert not await is_believed(sign_in, signing_key("RS256").token(elsewhere))


@pytest.mark.parametrize(
    "members",
    [
        {"use": "enc"},
        {"use": 1},
        {"key_ops": ["encrypt"]},
        {"key_ops": []},
        {"key_ops": "verify"},
        {"alg": "RS512"},
        {"alg": "RSA-OAEP"},
        {"alg": 1},
        {"kid": "another"},
        {"kid": ["key-RS256"]},
        {"kty": "EC"},
        {"kty": "oct", "k": "AAAA"},
        {"kty": None},
        {"n": "AQAB"},
        {"n": ""},
        {"n": 3},
        {"n": "not base64url!"},
        {"e": "AQ"},
        {"e": "Ag"},
        {"e": "A" * 400},
    ],
)
async def test_a_key_that_is_not_for_this_is_not_used(
    sign_in: SignIn, department: Department, ann: Actor, members: dict[str, object]
) -> None:
    key = signing_key("RS256")
    sign_in.provider.publish({**key.jwk(), **members})

    assert not await is_believed(sign_in, key.token(sign_in.claims(department, ann)))


@pytest.mark.parametrize("bits", [1_024, 2_040])
async def test_a_weak_key_is_not_used(sign_in: SignIn, department: Department, ann: Actor, bits: int) -> None:
    weak = signing_key("RS256", "weak", bits)
    sign_in.provider.publish(weak)

    assert not await is_believed(sign_in, weak.token(sign_in.claims(department, ann)))


async def test_a_private_key_that_everybody_can_fetch_is_not_used(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    key = signing_key("RS256")
    sign_in.provider.publish(key.jwk(is_private=True))

    assert not await is_believed(sign_in, key.token(sign_in.claims(department, ann)))


async def test_an_id_that_names_two_keys_names_none(sign_in: SignIn, department: Department, ann: Actor) -> None:
    one = signing_key("RS256")
    two = SigningKey(one.id, "RS256", signing_key("RS256", "two").private)
    sign_in.provider.publish(one, two)

    for key in (one, two):
        assert not await is_believed(sign_in, key.token(sign_in.claims(department, ann)))


async def test_the_same_key_twice_is_one(sign_in: SignIn, department: Department, ann: Actor) -> None:
    one = signing_key("RS256")
    sign_in.provider.publish(one, one)

    assert await is_believed(sign_in, one.token(sign_in.claims(department, ann)))


async def test_keys_of_different_types_may_share_an_id(sign_in: SignIn, department: Department, ann: Actor) -> None:
    one = signing_key("RS256")
    two = SigningKey(one.id, "ES256", signing_key("ES256").private)
    sign_in.provider.publish(one, two)

    for key in (one, two):
        assert await is_believed(sign_in, key.token(sign_in.claims(department, ann)))


async def test_a_token_that_names_no_key_means_the_only_one_that_fits(
    sign_in: SignIn, department: Department, ann: Actor
) -> None:
    key, other = signing_key("RS256"), signing_key("RS256", "two")
    nameless = compact({"alg": "RS256"}, sign_in.claims(department, ann), key.sign)

    assert await is_believed(sign_in, nameless)
    sign_in.provider.publish(key, other)
    sign_in.clock.now += 3_600
    await is_believed(sign_in, key.token(sign_in.claims(department, ann), kid="unknown"))
    assert not await is_believed(sign_in, nameless)
