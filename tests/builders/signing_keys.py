"""The private keys of a made-up provider, and tokens put together by hand: no rule but the test's holds for them."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from joserfc.jwk import ECKey, OKPKey

Json = dict[str, Any]
Private = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey

_HASHES: dict[str, Callable[[], HashAlgorithm]] = {"256": SHA256, "384": SHA384, "512": SHA512}
_CURVES: dict[str, type[ec.EllipticCurve]] = {"ES256": ec.SECP256R1, "ES384": ec.SECP384R1, "ES512": ec.SECP521R1}


@dataclass(frozen=True)
class SigningKey:
    id: str
    algorithm: str
    private: Private

    def jwk(self, *, is_private: bool = False, **members: Any) -> Json:
        """The key as a member of a JWK set."""
        match self.private:
            case rsa.RSAPrivateKey():
                numbers = self.private.private_numbers()
                known: Json = {
                    "kty": "RSA",
                    "n": _number(numbers.public_numbers.n),
                    "e": _number(numbers.public_numbers.e),
                } | ({"d": _number(numbers.d)} if is_private else {})
            case ec.EllipticCurvePrivateKey():
                known = dict(ECKey.import_key(self.private).as_dict(private=is_private))
            case ed25519.Ed25519PrivateKey():
                known = dict(OKPKey.import_key(self.private).as_dict(private=is_private))
        return {**known, "kid": self.id, "use": "sig", "alg": self.algorithm, **members}

    def sign(self, signed: bytes, algorithm: str | None = None) -> bytes:
        """A signature in the form that RFC 7518 gives it."""
        algorithm = algorithm or self.algorithm
        match self.private:
            case rsa.RSAPrivateKey():
                digest = _HASHES[algorithm[2:]]()
                pss = padding.PSS(padding.MGF1(digest), digest.digest_size)
                return self.private.sign(signed, pss if algorithm.startswith("PS") else padding.PKCS1v15(), digest)
            case ec.EllipticCurvePrivateKey():
                r, s = decode_dss_signature(self.private.sign(signed, ec.ECDSA(_HASHES[algorithm[2:]]())))
                size = (self.private.key_size + 7) // 8
                return r.to_bytes(size) + s.to_bytes(size)
            case ed25519.Ed25519PrivateKey():
                return self.private.sign(signed)

    def token(self, claims: Json | bytes, **header: Any) -> str:
        """A token signed with this key, whatever its header says."""
        return compact({"alg": self.algorithm, "kid": self.id, "typ": "JWT", **header}, claims, self.sign)


def compact(header: Json | bytes, claims: Json | bytes, sign: Callable[[bytes], bytes]) -> str:
    """A compact JWS of these very bytes."""
    signed = f"{base64url(_bytes(header))}.{base64url(_bytes(claims))}"
    return f"{signed}.{base64url(sign(signed.encode()))}"


def base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8))


def _bytes(value: Json | bytes) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@cache
def signing_key(algorithm: str, name: str = "key", bits: int = 2_048) -> SigningKey:
    """A key of the name for an algorithm, the same one in all tests of the process."""
    if algorithm in _CURVES:
        private: Private = ec.generate_private_key(_CURVES[algorithm]())
    elif algorithm in {"EdDSA", "Ed25519"}:
        private = ed25519.Ed25519PrivateKey.generate()
    else:
        private = rsa.generate_private_key(65_537, bits)
    return SigningKey(f"{name}-{algorithm}", algorithm, private)
