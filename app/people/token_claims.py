"""What a token claims, held against what this service expects of its provider (RFC 7519 §4, RFC 9068 §4)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.people.bearer_token import TokenRefused
from app.people.scopes import ALL_SCOPES, Scope

EMAIL = "email"
_MOST_CHARACTERS = 200  # of an id that another system knows a user by
_LATEST = 253_402_300_799  # the end of the year 9999


@dataclass(frozen=True, slots=True)
class Expected:
    """The operator's settings; either the organization is fixed, or a claim holds its id."""

    issuer: str
    audience: str
    user_claim: str
    organization_id: UUID | None
    organization_claim: str | None
    scope_claim: str | None
    leeway_seconds: float


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bearer of a token is, in the words of the provider."""

    organization_id: UUID
    user: str
    scopes: tuple[str, ...]
    expires_at: float


def identify(claims: Mapping[str, Any], expected: Expected, now: float) -> Identity:
    """Who the claims are about, if they are meant for this service and for this moment; raises `TokenRefused`."""
    if claims.get("iss") != expected.issuer:
        raise TokenRefused("of another issuer")
    if expected.audience not in _texts(claims.get("aud"), "aud"):
        raise TokenRefused("meant for another audience")
    expires_at = _check_times(claims, expected.leeway_seconds, now)
    return Identity(_organization(claims, expected), _user(claims, expected), _scopes(claims, expected), expires_at)


def _check_times(claims: Mapping[str, Any], leeway_seconds: float, now: float) -> float:
    expires_at, issued_at = _moment(claims, "exp"), _moment(claims, "iat")
    if expires_at + leeway_seconds <= now:
        raise TokenRefused("expired")
    if issued_at - leeway_seconds > now or issued_at > expires_at:
        raise TokenRefused("issued in the future, or after its own end")
    if "nbf" in claims and _moment(claims, "nbf") - leeway_seconds > now:
        raise TokenRefused("not valid yet")
    return expires_at


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TokenRefused(f"without a time as {name}")
    if not math.isfinite(value) or not 0 <= value <= _LATEST:
        raise TokenRefused(f"with a time as {name} that is none")
    return float(value)


def _organization(claims: Mapping[str, Any], expected: Expected) -> UUID:
    if expected.organization_claim is None:
        if expected.organization_id is None:
            raise TokenRefused("of no organization")
        return expected.organization_id
    try:
        return UUID(_text(claims, expected.organization_claim))
    except ValueError:
        raise TokenRefused("without the id of an organization") from None


def _user(claims: Mapping[str, Any], expected: Expected) -> str:
    user = _text(claims, expected.user_claim)
    if expected.user_claim == EMAIL and not (claims.get("email_verified") is True and user.isascii()):
        # who may write any address into their own profile could be anybody; letters that only look or fold alike too
        raise TokenRefused("with an e-mail address that is not verified, or not ASCII")
    return user


def _scopes(claims: Mapping[str, Any], expected: Expected) -> tuple[str, ...]:
    if expected.scope_claim is None:
        return ALL_SCOPES
    value = claims.get(expected.scope_claim, "")
    given = value.split(" ") if isinstance(value, str) else _texts(value, expected.scope_claim)
    return tuple(sorted(set(given) & set(Scope)))  # providers have scopes of their own


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= _MOST_CHARACTERS:
        raise TokenRefused("without the text that one of its claims must be")
    return value


def _texts(value: object, name: str) -> list[str]:
    values = value if isinstance(value, list) else [value]
    texts = [each for each in values if isinstance(each, str)]
    if len(texts) < len(values):
        raise TokenRefused(f"with something else than texts as {name}")
    return texts
