"""Whatever is done to a genuine token: it is that token, or it is not believed."""

import asyncio
import json
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from app.people.bearer_token import TokenRefused
from app.people.key_source import KeySource
from app.people.token_claims import Expected, Identity
from app.people.token_keys import ALGORITHMS, KeyRing
from app.people.token_verification import TokenVerifier
from tests.builders.signing_keys import Json, base64url, signing_key

NOW = time.time()
EXPECTED = Expected("https://provider.example", "stageline", "sub", None, "org", "scope", 0)
KEYS = {algorithm: signing_key(algorithm) for algorithm in ("RS256", "PS256", "ES256", "EdDSA")}
RING = KeyRing.read({"keys": [key.jwk() for key in KEYS.values()]})
CLAIMS: Json = {
    "iss": EXPECTED.issuer,
    "aud": [EXPECTED.audience],
    "sub": "ann",
    "org": "01a21371-cc74-7295-ac0c-d663458601f7",
    "scope": "leads:read",
    "iat": int(NOW),
    "exp": int(NOW) + 3_600,
}
GENUINE = {algorithm: key.token(CLAIMS) for algorithm, key in KEYS.items()}
OTHERS = {algorithm: key.token(CLAIMS | {"sub": "bob"}) for algorithm, key in KEYS.items()}

SPELLING = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
algorithms = st.sampled_from(sorted(GENUINE))
characters = st.one_of(st.sampled_from(SPELLING + ".=+/ "), st.characters())
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
header_names = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku", "jwk", "x5u", "x5c", "cty", "zip", "enc"])
header_values = st.one_of(
    json_values, st.sampled_from([*sorted(ALGORITHMS), *(key.id for key in KEYS.values()), "none", "HS256"])
)


def identity_of(token: str) -> Identity | None:
    async def fetch() -> KeyRing:
        return RING

    async def identify() -> Identity | None:
        try:
            return await TokenVerifier(KeySource(fetch, 300), EXPECTED, lambda: NOW).identify(token)
        except TokenRefused:
            return None

    return asyncio.run(identify())


def test_the_genuine_ones_are_believed() -> None:
    for token in GENUINE.values():
        identity = identity_of(token)

        assert identity is not None
        assert (identity.user, identity.scopes) == ("ann", ("leads:read",))


@settings(max_examples=400, deadline=None)
@given(algorithms, st.integers(min_value=0), st.sampled_from(["replace", "insert", "delete", "cut"]), characters)
def test_a_changed_character_makes_no_other_token(algorithm: str, place: int, deed: str, character: str) -> None:
    genuine = GENUINE[algorithm]
    place %= len(genuine)
    changed = {
        "replace": genuine[:place] + character + genuine[place + 1 :],
        "insert": genuine[:place] + character + genuine[place:],
        "delete": genuine[:place] + genuine[place + 1 :],
        "cut": genuine[:place],
    }[deed]

    assert (identity_of(changed) is not None) == (changed == genuine)


@settings(max_examples=200, deadline=None)
@given(algorithms, header_names, header_values)
def test_another_header_is_not_believed_with_the_old_signature(algorithm: str, name: str, value: object) -> None:
    header = {"alg": algorithm, "kid": KEYS[algorithm].id, "typ": "JWT", name: value}
    _, claims, signature = GENUINE[algorithm].split(".")
    changed = f"{base64url(json.dumps(header).encode())}.{claims}.{signature}"

    assert (identity_of(changed) is not None) == (changed == GENUINE[algorithm])


@settings(max_examples=200, deadline=None)
@given(algorithms, st.sampled_from(sorted(CLAIMS)), json_values)
def test_other_claims_are_not_believed_with_the_old_signature(algorithm: str, name: str, value: object) -> None:
    header, _, signature = GENUINE[algorithm].split(".")
    changed = f"{header}.{base64url(json.dumps(CLAIMS | {name: value}).encode())}.{signature}"

    assert (identity_of(changed) is not None) == (changed == GENUINE[algorithm])


@settings(max_examples=100, deadline=None)
@given(algorithms, algorithms, algorithms)
def test_parts_of_several_tokens_make_no_token(first: str, second: str, third: str) -> None:
    header, claims, signature = GENUINE[first].split(".")[0], OTHERS[second].split(".")[1], GENUINE[third].split(".")[2]

    assert identity_of(f"{header}.{claims}.{signature}") is None


@settings(max_examples=200, deadline=None)
@given(algorithms, st.sampled_from(sorted(CLAIMS)), json_values)
def test_signed_claims_of_any_kind_are_read_without_a_fault(algorithm: str, name: str, value: object) -> None:
    claims = CLAIMS | {name: value}
    identity = identity_of(KEYS[algorithm].token(claims))

    if identity is not None:
        assert claims["iss"] == EXPECTED.issuer
        assert EXPECTED.audience in claims["aud"]
        assert identity.user == claims["sub"]
        assert claims["exp"] > NOW >= claims["iat"] - 1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.lists(st.text(SPELLING, max_size=60), min_size=1, max_size=5).map(".".join))
def test_any_text_is_refused_without_a_fault(text: str) -> None:
    assert identity_of(text) is None
