"""The public keys of an OpenID provider (a JWK set, RFC 7517), and which algorithm each of them may verify.

A key verifies the algorithms of its own type and curve only, so no token chooses how a key is used.
"""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jws import JWSRegistry

RSA_BITS = range(2_048, 8_192 + 1)

_Kind: TypeAlias = tuple[str, str | None]

_RSA: _Kind = ("RSA", None)
_ED25519: _Kind = ("OKP", "Ed25519")
_KINDS: Mapping[str, _Kind] = {
    "RS256": _RSA,
    "RS384": _RSA,
    "RS512": _RSA,
    "PS256": _RSA,
    "PS384": _RSA,
    "PS512": _RSA,
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": _ED25519,
    "Ed25519": _ED25519,  # the name since RFC 9864
}
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
_PRIVATE_MEMBERS = frozenset({"d", "dp", "dq", "k", "oth", "p", "q", "qi"})
_MOST_EXPONENT_CHARACTERS = 6  # 32 bits: a larger one would make each verification expensive

ALGORITHMS = frozenset(_KINDS)


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A public key; `algorithm` is the only one it is for, when its provider says so."""

    id: str | None
    algorithm: str | None
    kind: _Kind
    thumbprint: str
    key: Key = field(repr=False, compare=False)

    def fits(self, algorithm: str) -> bool:
        """Whether tokens of this algorithm may be verified with it."""
        return _KINDS[algorithm] == self.kind and (
            self.algorithm is None or _registered(self.algorithm) == _registered(algorithm)
        )

    def verifies(self, algorithm: str, signed: bytes, signature: bytes) -> bool:
        """Whether the signature is this key's."""
        if not self.fits(algorithm):
            return False
        model = JWSRegistry.algorithms[_registered(algorithm)]
        model.check_key(self.key)
        return model.verify(signed, signature, self.key)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The usable keys of a set."""

    keys: frozenset[TokenKey]

    @classmethod
    def read(cls, document: object) -> "KeyRing":
        """The keys of a JWK set, without those that cannot be used; raises `ValueError` for what is no set."""
        if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
            raise ValueError("not a JWK set")  # noqa: TRY004 # a document of the wrong form, not an argument
        return cls(frozenset(key for each in document["keys"] if (key := _read(each)) is not None))

    def find(self, key_id: str | None, algorithm: str) -> TokenKey | None:
        """The one key that a token can mean; nothing when there are several, as where one id names two keys."""
        fitting = [key for key in self.keys if (key_id is None or key.id == key_id) and key.fits(algorithm)]
        return fitting[0] if len(fitting) == 1 else None


def _read(value: object) -> TokenKey | None:
    if not isinstance(value, dict) or not _is_for_signatures(value):
        return None
    key_id, algorithm, kind = value.get("kid"), value.get("alg"), _kind(value)
    is_named = all(name is None or isinstance(name, str) for name in (key_id, algorithm))
    if not is_named or kind is None or (kind == _RSA and not _has_usable_size(value)):
        return None
    try:
        key = JWKRegistry.import_key({"kty": kind[0], **{name: value[name] for name in _MEMBERS[kind[0]]}})
    except (JoseError, KeyError, ValueError):
        return None
    return TokenKey(key_id, algorithm, kind, key.thumbprint(), key)


def _kind(value: dict[str, Any]) -> _Kind | None:
    given = (value.get("kty"), value.get("crv"))
    return next((kind for kind in _KINDS.values() if given == kind or kind == _RSA == (given[0], None)), None)


def _is_for_signatures(value: dict[str, Any]) -> bool:
    operations = value.get("key_ops", ["verify"])
    is_public = not _PRIVATE_MEMBERS & value.keys()  # a private key that everybody can fetch signs for everybody
    return is_public and value.get("use", "sig") == "sig" and isinstance(operations, list) and "verify" in operations


def _has_usable_size(value: dict[str, Any]) -> bool:
    modulus, exponent = value.get("n"), value.get("e")
    if not isinstance(modulus, str) or not isinstance(exponent, str) or len(exponent) > _MOST_EXPONENT_CHARACTERS:
        return False
    try:
        number = int.from_bytes(base64.urlsafe_b64decode(modulus + "=" * (-len(modulus) % 4)))
    except (binascii.Error, ValueError):
        return False
    return number.bit_length() in RSA_BITS


def _registered(algorithm: str) -> str:
    return "Ed25519" if algorithm == "EdDSA" else algorithm
