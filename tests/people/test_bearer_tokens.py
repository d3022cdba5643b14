"""Tokens of an OpenID provider over HTTP: whom they stand for, what they may do, what is answered otherwise."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.core.database import Database
from app.core.problems import Unauthenticated
from app.core.settings import Settings
from app.main import create_app
from app.people.authentication import Authenticator
from app.people.key_holder import KeyHolders
from app.people.key_use import KeyUse
from app.people.openid import token_holders
from app.people.strangers import Strangers
from tests.builders.problem_documents import check_answer
from tests.builders.signing_keys import Json, signing_key
from tests.builders.stopped_clock import StoppedClock
from tests.department import Actor, Department
from tests.people.conftest import SignIn

INVALID = 'Bearer error="invalid_token"'


def serve(settings: Settings, database: Database) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=create_app(settings, database), raise_app_exceptions=False)
    hooks = {"response": [check_answer]}
    return httpx.AsyncClient(transport=transport, base_url="http://stageline.test", event_hooks=hooks)


@pytest.fixture
async def client(sign_in: SignIn, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A service that believes the provider."""
    async with serve(sign_in.settings, database) as client:
        yield client


def bearing(actor: Actor, claims: Json, client: httpx.AsyncClient) -> Actor:
    return Actor(actor.user_id, actor.position, actor.team_id, signing_key("RS256").token(claims), client)


async def test_a_token_acts_as_its_user(
    sign_in: SignIn, department: Department, ann: Actor, client: httpx.AsyncClient
) -> None:
    bearer = bearing(ann, sign_in.claims(department, ann), client)

    me = await bearer.get("/me")
    lead = await bearer.post("/leads", {"name": "Ann", "company_name": "Fields"})

    assert me["user"]["id"] == lead["owner_id"] == str(ann.user_id)
    assert me["organization"]["id"] == str(department.organization_id)
    assert me["scopes"] == ["*"]
    await bearer.get("/users", expect=403)


async def test_keys_work_beside_tokens(department: Department, client: httpx.AsyncClient) -> None:
    operations = department.operations
    await Actor(operations.user_id, operations.position, None, operations.key, client).get("/me")


async def test_an_audience_may_be_one_of_several_and_times_may_have_fractions(
    sign_in: SignIn, department: Department, ann: Actor, client: httpx.AsyncClient
) -> None:
    claims = sign_in.claims(department, ann)
    more = {"aud": ["other", "stageline"], "exp": claims["exp"] + 0.5, "nbf": claims["iat"] + 0.5}

    await bearing(ann, claims | more, client).get("/me")


@pytest.mark.parametrize("kind", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
async def test_the_types_of_access_and_identity_tokens_are_read(
    sign_in: SignIn, department: Department, ann: Actor, client: httpx.AsyncClient, kind: str
) -> None:
    token = signing_key("RS256").token(sign_in.claims(department, ann), typ=kind, x5t="thumbprint", nonce="unknown")

    await Actor(ann.user_id, ann.position, ann.team_id, token, client).get("/me")


async def test_clocks_may_differ_by_the_leeway(
    sign_in: SignIn, department: Department, ann: Actor, client: httpx.AsyncClient
) -> None:
    now = sign_in.wall_clock()

    await bearing(ann, sign_in.claims(department, ann, iat=now - 60, exp=now - 20), client).get("/me")
    await bearing(ann, sign_in.claims(department, ann, iat=now + 20, nbf=now + 20), client).get("/me")


async def test_every_refusal_is_answered_alike(
    sign_in: SignIn, department: Department, ann: Actor, client: httpx.AsyncClient
) -> None:
    rep = await department.representative()
    await department.operations.patch(
        f"/users/{rep.user_id}", {"external_id": f"sub-{rep.user_id}", "is_active": False}
    )
    claims, stranger = sign_in.claims(department, ann), signing_key("RS256", "stranger")
    tokens = {
        "unknown user": signing_key("RS256").token(claims | {"sub": "nobody"}),
        "inactive user": signing_key("RS256").token(sign_in.claims(department, rep)),
        "unknown organization": signing_key("RS256").token(claims | {"org": str(ann.user_id)}),
        "unknown key": stranger.token(claims),
        "wrong signature": stranger.token(claims, kid="key-RS256"),
        "expired": signing_key("RS256").token(claims | {"exp": 1}),
        "no token": "nothing",
        "an API key of nobody": "slk_x_y_z",
    }

    answers = {
        name: await client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}) for name, token in tokens.items()
    }

    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(tokens, 401)
    assert {answer.headers["WWW-Authenticate"] for answer in answers.values()} == {INVALID}
    assert len({str({**answer.json(), "request_id": ""}) for answer in answers.values()}) == 1


async def test_without_a_provider_no_token_is_believed(
    sign_in: SignIn, department: Department, ann: Actor, http: httpx.AsyncClient
) -> None:
    bearer = bearing(ann, sign_in.claims(department, ann), http)

    assert (await bearer.request("GET", "/me")).headers["WWW-Authenticate"] == INVALID
    assert sign_in.provider.asked == {}


async def test_a_deactivated_user_is_refused_and_comes_back(
    sign_in: SignIn, department: Department, ann: Actor, client: httpx.AsyncClient
) -> None:
    bearer = bearing(ann, sign_in.claims(department, ann), client)
    await department.operations.patch(f"/users/{ann.user_id}", {"is_active": False})
    await bearer.get("/me", expect=401)

    await department.operations.patch(f"/users/{ann.user_id}", {"is_active": True})

    await bearer.get("/me")


async def test_a_provider_that_cannot_be_reached_is_answered_503(
    sign_in: SignIn, department: Department, ann: Actor, database: Database
) -> None:
    nowhere = sign_in.settings.model_copy(update={"openid_jwks_url": "http://127.0.0.1:9/keys"})
    async with serve(nowhere, database) as client:
        answer = await bearing(ann, sign_in.claims(department, ann), client).request("GET", "/me")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"]


@pytest.mark.parametrize(
    "case",
    [
        ("openid leads:read email", ["leads:read"]),
        (["leads:read", "*:read", "leads:own"], ["*:read", "leads:read"]),
        ("", []),
        (None, None),
        (["leads:read", 1], None),
    ],
)
async def test_the_scopes_of_a_token_narrow_it_where_the_operator_names_their_claim(
    sign_in: SignIn, department: Department, ann: Actor, database: Database, case: tuple[object, list[str] | None]
) -> None:
    value, scopes = case
    scoped = sign_in.settings.model_copy(update={"openid_scope_claim": "scope"})
    async with serve(scoped, database) as client:
        bearer = bearing(ann, sign_in.claims(department, ann, scope=value), client)
        answer = await bearer.request("GET", "/me")
        refused = await bearer.request("POST", "/leads", json={"name": "Ann", "company_name": "Fields"})

    assert (answer.json()["scopes"] if answer.is_success else None) == scopes
    assert refused.status_code == (403 if scopes is not None else 401)


async def test_a_token_without_the_claim_of_scopes_has_none(
    sign_in: SignIn, department: Department, ann: Actor, database: Database
) -> None:
    scoped = sign_in.settings.model_copy(update={"openid_scope_claim": "scope"})
    async with serve(scoped, database) as client:
        me = await bearing(ann, sign_in.claims(department, ann), client).get("/me")

    assert me["scopes"] == []


async def test_users_are_known_by_verified_addresses_where_the_operator_says_so(
    sign_in: SignIn, department: Department, ann: Actor, database: Database
) -> None:
    await department.operations.patch(f"/users/{ann.user_id}", {"email": "Ann.Baker@example.com"})
    by_address = sign_in.settings.model_copy(update={"openid_user_claim": "email"})
    genuine = {"email": "ann.baker@EXAMPLE.com", "email_verified": True}
    async with serve(by_address, database) as client:
        await bearing(ann, sign_in.claims(department, ann, **genuine), client).get("/me")
        for wrong in (
            {"email_verified": False}, {"email_verified": "true"}, {"email_verified": None},
            {"email": "ann.ba\u212aer@example.com"}, {"email": "%@example.com"}, {"email": None},
        ):  # fmt: skip
            claims = sign_in.claims(department, ann, **{**genuine, **wrong})

            await bearing(ann, claims, client).get("/me", expect=401)


async def test_the_organization_may_be_one_for_all_tokens(
    sign_in: SignIn, department: Department, other_department: Department, ann: Actor, database: Database
) -> None:
    fixed = sign_in.settings.model_copy(
        update={"openid_organization_claim": None, "openid_organization_id": department.organization_id}
    )
    claims = sign_in.claims(other_department, ann)  # says another, which nobody asks about
    async with serve(fixed, database) as client:
        me = await bearing(ann, claims, client).get("/me")

    assert me["organization"]["id"] == str(department.organization_id)


async def test_a_caller_is_remembered_no_longer_than_the_token_lives(
    sign_in: SignIn, department: Department, ann: Actor, database: Database
) -> None:
    clock, wall_clock = StoppedClock(), StoppedClock(sign_in.wall_clock())
    settings = sign_in.settings.model_copy(update={"openid_leeway_seconds": 0})
    holders = token_holders(settings, database, wall_clock=wall_clock)
    authenticator = Authenticator(KeyHolders(database, KeyUse(database)), holders, 1.0, Strangers(settings), clock)
    token = signing_key("RS256").token(sign_in.claims(department, ann, exp=wall_clock() + 0.25))
    assert (await authenticator.caller_of(token, "127.0.0.1")).user_id == ann.user_id

    clock.now, wall_clock.now = clock.now + 0.2, wall_clock.now + 0.2
    assert (await authenticator.caller_of(token, "127.0.0.1")).user_id == ann.user_id
    clock.now, wall_clock.now = clock.now + 0.1, wall_clock.now + 0.1
    with pytest.raises(Unauthenticated):
        await authenticator.caller_of(token, "127.0.0.1")
