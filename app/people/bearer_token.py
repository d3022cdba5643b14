"""The one strict reading of a bearer token (a JWT as a compact JWS, RFC 7515 and 7519), before anything is believed.

Two readings of one token are how a check is bypassed, so it is taken apart here and nowhere else. What brings its own
key, or says how it wants to be read, is refused rather than left aside (RFC 8725).
"""

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any

from app.core import json_body
from app.core.problems import BadRequest
from app.people.token_keys import ALGORITHMS

MOST_CHARACTERS = 8_192
MOST_KEY_ID_CHARACTERS = 256

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_TYPES = frozenset({"jwt", "at+jwt"})
# keys to be believed or fetched (jku, jwk, x5c, x5u), another form of what is signed (b64, enc, zip), and conditions
# that whoever does not understand them must refuse (crit)
_REFUSED_HEADERS = frozenset({"b64", "crit", "enc", "jku", "jwk", "x5c", "x5u", "zip"})


class TokenRefused(Exception):
    """The token is not believed; the message is for the log, and repeats nothing of the token."""


@dataclass(frozen=True, slots=True)
class BearerToken:
    """A token in its parts, none of which is true before its signature and claims were checked."""

    algorithm: str
    key_id: str | None
    claims: dict[str, Any] = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)


def read_token(text: str) -> BearerToken:
    """Take a token apart; raises `TokenRefused`."""
    if len(text) > MOST_CHARACTERS:
        raise TokenRefused("longer than is read")
    if _COMPACT.fullmatch(text) is None:
        raise TokenRefused("no compact JWS")
    header_part, claims_part, signature_part = text.split(".")
    header = _object(header_part)
    _check_header(header)
    claims = _object(claims_part)
    if "cnf" in claims:
        raise TokenRefused("bound to a key that whoever sends it would have to prove")
    return BearerToken(
        algorithm=header["alg"],
        key_id=header.get("kid"),
        claims=claims,
        signed=f"{header_part}.{claims_part}".encode("ascii"),
        signature=_bytes(signature_part),
    )


def _check_header(header: dict[str, Any]) -> None:
    if refused := sorted(_REFUSED_HEADERS & header.keys()):
        raise TokenRefused(f"header with {', '.join(refused)}")
    algorithm, key_id, kind = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise TokenRefused("algorithm not allowed")
    if "kid" in header and not (isinstance(key_id, str) and 1 <= len(key_id) <= MOST_KEY_ID_CHARACTERS):
        raise TokenRefused("unusable kid")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        raise TokenRefused("another type of token")


def _object(part: str) -> dict[str, Any]:
    try:
        value = json_body.parse(_bytes(part))
    except BadRequest:
        raise TokenRefused("a part is not strict JSON") from None
    if not isinstance(value, dict):
        raise TokenRefused("a part is not an object")
    return value


def _bytes(part: str) -> bytes:
    try:
        value = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except binascii.Error:
        raise TokenRefused("a part is not base64url") from None
    # other spellings of the same bytes (bits of the last character that mean nothing) make another token of it
    if base64.urlsafe_b64encode(value).rstrip(b"=") != part.encode("ascii"):
        raise TokenRefused("a part is not base64url as it is written")
    return value
