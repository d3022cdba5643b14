"""Tokens that must never be believed, each for another reason."""

import base64
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.builders.signing_keys import SigningKey, base64url, compact, signing_key

Json = dict[str, Any]
Named = Iterator[tuple[str, str]]

SOON, HOUR = 60, 3_600


@dataclass(frozen=True)
class Forger:
    """What an attacker has: a token's claims that would be believed, public keys, keys and a server of their own."""

    claims: Json
    now: float
    genuine: SigningKey  # RS256
    elliptic: SigningKey  # ES256
    server: str

    @property
    def own(self) -> SigningKey:
        """A key that the provider does not have, under the id of one that it has."""
        return SigningKey(self.genuine.id, "RS256", signing_key("RS256", "attacker").private)

    def tokens(self) -> Named:
        for kind in (
            self._unsigned, self._signed_with_the_public_key, self._with_own_keys, self._with_other_key_ids,
            self._with_wrong_times, self._with_wrong_claims, self._with_conditions, self._with_wrong_signatures,
            self._with_wrong_algorithms, self._misspelt, self._of_other_types,
        ):  # fmt: skip
            for name, token in kind():
                yield f"{kind.__name__.strip('_')}: {name}", token

    def _unsigned(self) -> Named:
        spelt: list[Any] = ["none", "None", "NONE", "nOnE", "none ", " none", "", None, False, 0, [], ["none"], {}]
        for algorithm in spelt:
            header = {"alg": algorithm, "kid": self.genuine.id}
            for name, signature in (("nothing", b""), ("something", b"x"), ("the real one", None)):
                sign = self.genuine.sign if signature is None else always(signature)
                yield f"alg {algorithm!r} with {name}", compact(header, self.claims, sign)
        yield "no alg", compact({"kid": self.genuine.id}, self.claims, self.genuine.sign)
        yield "null header", compact(b"null", self.claims, self.genuine.sign)
        yield "empty header", compact({}, self.claims, self.genuine.sign)

    def _signed_with_the_public_key(self) -> Named:
        private = self.genuine.private
        assert isinstance(private, rsa.RSAPrivateKey)
        public, jwk = private.public_key(), self.genuine.jwk()
        spelt = {
            "PEM": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            "PEM without its last line end": public.public_bytes(
                Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
            ).strip(),
            "PKCS #1 PEM": public.public_bytes(Encoding.PEM, PublicFormat.PKCS1),
            "DER": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
            "PKCS #1 DER": public.public_bytes(Encoding.DER, PublicFormat.PKCS1),
            "JWK": json.dumps(jwk).encode(),
            "compact JWK": json.dumps(jwk, separators=(",", ":")).encode(),
            "modulus": jwk["n"].encode(),
            "nothing": b"",
        }
        for algorithm, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
            for name, key in spelt.items():
                header = {"alg": algorithm, "kid": self.genuine.id}
                yield f"{algorithm} with the {name}", compact(header, self.claims, with_secret(key, digest))

    def _with_own_keys(self) -> Named:
        own = self.own
        brought: dict[str, Any] = {
            "jku": f"{self.server}/keys",
            "jwk": own.jwk(),
            "x5u": f"{self.server}/certificate.pem",
            "x5c": [base64.b64encode(b"certificate").decode()],
        }
        for name, value in brought.items():
            yield f"{name} of the attacker", own.token(self.claims, **{name: value})
            yield f"{name} under another kid", own.token(self.claims, **{name: value, "kid": "attacker"})
            yield f"{name} in a genuine token", self.genuine.token(self.claims, **{name: value})
            yield f"null as {name}", self.genuine.token(self.claims, **{name: None})
        yield "another issuer's server", own.token(self.claims | {"iss": self.server})
        yield "kid that is a url", own.token(self.claims, kid=f"{self.server}/keys")

    def _with_other_key_ids(self) -> Named:
        odd = ["../../../../dev/null", "' OR 1=1 --", f"{self.genuine.id}\0", "\0", "", " ", "*", "unknown", "k" * 300]
        for key_id in [*odd, 1, None, True, [self.genuine.id], {"id": self.genuine.id}]:
            yield f"kid {key_id!r}", self.own.token(self.claims, kid=key_id)
            yield f"genuine signature, kid {key_id!r}", self.genuine.token(self.claims, kid=key_id)
        yield "kid of a key of another type", self.genuine.token(self.claims, kid=self.elliptic.id)
        yield "kid with the attacker's signature", self.own.token(self.claims)

    def _with_wrong_times(self) -> Named:
        no_times: list[Any] = [None, "soon", str(self.now + HOUR), [self.now + HOUR], {}, True, -1, 1e300, 10**19]
        for name in ("exp", "iat", "nbf"):
            for value in no_times:
                yield f"{name} {value!r}", self.genuine.token(self.claims | {name: value})
            for value in ("NaN", "Infinity", "-Infinity", "1e999"):
                text = json.dumps(self.claims | {name: "HERE"}).replace('"HERE"', value)
                yield f"{name} {value}", self.genuine.token(text.encode())
        for name in ("exp", "iat"):
            yield f"no {name}", self.genuine.token({key: each for key, each in self.claims.items() if key != name})
        yield "expired", self.genuine.token(self.claims | {"exp": self.now - SOON})
        yield "exp 0", self.genuine.token(self.claims | {"exp": 0})
        yield "not valid yet", self.genuine.token(self.claims | {"nbf": self.now + SOON})
        yield (
            "issued in an hour",
            self.genuine.token(self.claims | {"iat": self.now + HOUR, "exp": self.now + 2 * HOUR}),
        )
        yield "issued after its end", self.genuine.token(self.claims | {"iat": self.now + 10, "exp": self.now + 5})

    def _with_wrong_claims(self) -> Named:
        wrong: dict[str, list[Any]] = {
            "iss": [
                None, "", self.claims["iss"] + "/", self.claims["iss"].upper(), [self.claims["iss"]], self.server, 1,
                {"iss": self.claims["iss"]},
            ],
            "aud": [
                None, "", [], ["other"], "stageline2", "Stageline", "stageline other", ["stageline", 1],
                [["stageline"]], {"stageline": True}, True,
            ],
            "sub": [None, "", 1, True, ["ann"], {}, "nobody", "a\0b", "n" * 300],
            "org": [None, "", 1, "acme", [self.claims["org"]], "00000000-0000-0000-0000-000000000000"],
        }  # fmt: skip
        for name, values in wrong.items():
            yield f"no {name}", self.genuine.token({key: each for key, each in self.claims.items() if key != name})
            for value in values:
                yield f"{name} {str(value)[:40]!r}", self.genuine.token(self.claims | {name: value})
        yield "bound to a key", self.genuine.token(self.claims | {"cnf": {"jkt": "thumbprint"}})

    def _with_conditions(self) -> Named:
        for crit in ([], ["exp"], ["b64"], "exp", None, ["kid"], ["http://example.com/unknown"]):
            yield f"crit {crit!r}", self.genuine.token(self.claims, crit=crit)
        for value in (True, False, None):
            yield f"b64 {value!r}", self.genuine.token(self.claims, b64=value)
        header = {"alg": "RS256", "kid": self.genuine.id, "b64": False, "crit": ["b64"]}
        payload = base64url(json.dumps(self.claims).encode())
        part = base64url(json.dumps(header).encode())
        yield "unencoded payload", f"{part}.{payload}.{base64url(self.genuine.sign(f'{part}.{payload}'.encode()))}"
        yield "zip", self.genuine.token(self.claims, zip="DEF")
        yield "enc", self.genuine.token(self.claims, enc="A256GCM")

    def _with_wrong_signatures(self) -> Named:
        good = self.genuine.token(self.claims)
        signed, _, signature = good.rpartition(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        other = self.genuine.token(self.claims | {"sub": "somebody else"}).rpartition(".")[2]
        flipped = bytes([raw[0] ^ 1, *raw[1:]])
        for name, value in {
            "empty": "", "of another token": other,
            "truncated": base64url(raw[:-1]), "too long": base64url(raw + b"\0"),
            "with a flipped bit": base64url(flipped), "zero": base64url(bytes(256)), "one byte": base64url(b"\1"),
        }.items():  # fmt: skip
            yield name, f"{signed}.{value}"
        header = {"alg": "ES256", "kid": self.elliptic.id}
        for name, elliptic in {"r = s = 0": bytes(64), "empty": b"", "half": b"\1" * 32}.items():
            yield f"ES256 {name}", compact(header, self.claims, always(elliptic))

        def der(message: bytes) -> bytes:
            value = self.elliptic.sign(message)
            return encode_dss_signature(int.from_bytes(value[:32]), int.from_bytes(value[32:]))

        yield "ES256 in DER", compact(header, self.claims, der)

    def _with_wrong_algorithms(self) -> Named:
        for told, used in (
            ("RS512", "RS256"), ("RS256", "RS512"), ("PS256", "RS256"), ("RS256", "PS256"), ("PS512", "PS256")
        ):  # fmt: skip
            header = {"alg": told, "kid": self.genuine.id}
            sign = partial(self.genuine.sign, algorithm=used)
            yield f"{told} signed as {used}", compact(header, self.claims, sign)
        others = ["ES256K", "EdDSA", "ES256", "ES512", "HS256", "Ed448", "RS1", "RSA1_5"]
        for told in ["rs256", "RS256 ", "RS256\0", *others]:
            yield f"alg {told!r} with the RSA key", self.genuine.token(self.claims, alg=told)
        for told in ("ES384", "ES512", "EdDSA", "RS256"):
            yield f"alg {told} with the P-256 key", self.elliptic.token(self.claims, alg=told)
        wrong_curve = SigningKey(self.elliptic.id, "ES384", signing_key("ES384", "attacker").private)
        yield "P-384 under the id of a P-256 key", wrong_curve.token(self.claims)

    def _misspelt(self) -> Named:
        good = self.genuine.token(self.claims)
        header, payload, signature = good.split(".")
        yield "nothing", ""
        yield "two parts", f"{header}.{payload}"
        yield "four parts", f"{good}.{signature}"
        yield "five parts", f"{header}.{payload}.{signature}.{payload}.{signature}"
        yield "no payload", f"{header}..{signature}"
        yield "no header", f".{payload}.{signature}"
        yield "only dots", ".."
        spelt = {
            "space before": f" {good}", "space after": f"{good} ", "line end": f"{good}\n", "NUL": f"{good}\0",
            "padding": f"{good}=", "padded header": f"{header}=.{payload}.{signature}", "plus": f"{good[:-1]}+",
            "slash": f"{good[:-1]}/", "full-width": good.replace("e", "ｅ", 1), "comma": good.replace(".", ","),
            "quoted": f'"{good}"', "twice": f"Bearer {good}",
        }  # fmt: skip
        yield from spelt.items()
        for cut in range(1, len(good), 37):
            yield f"cut after {cut}", good[:cut]
        yield "JSON serialization", json.dumps({"protected": header, "payload": payload, "signature": signature})
        yield "other spelling of the last bits", good[:-1] + _other_spelling(good[-1])
        text = json.dumps(self.claims)
        yield "sub twice", self.genuine.token(text.replace("{", '{"sub": "nobody", ', 1).encode())
        yield "exp twice", self.genuine.token(text.replace("{", '{"exp": 1, ', 1).encode())
        twice = f'{{"alg": "none", "alg": "RS256", "kid": "{self.genuine.id}"}}'
        yield "alg twice", compact(twice.encode(), self.claims, self.genuine.sign)
        yield "byte order mark", self.genuine.token(b"\xef\xbb\xbf" + text.encode())
        yield "UTF-16", self.genuine.token(text.encode("utf-16"))
        yield "not UTF-8", self.genuine.token(text.encode()[:-1] + b', "x": "\xff"}')
        yield "more after the object", self.genuine.token(text.encode() + b"{}")
        yield "oversize", self.genuine.token(self.claims | {"padding": "x" * 8_000})
        yield "deep", self.genuine.token(self.claims | {"deep": json.loads("[" * 100 + "]" * 100)})

    def _of_other_types(self) -> Named:
        for value in (b"[]", b'"text"', b"1", b"null", b"true", b"", b"{"):
            yield f"claims {value!r}", self.genuine.token(value)
        yield "nested", self.genuine.token(self.genuine.token(self.claims).encode(), cty="JWT")
        parts = [json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM"}).encode(), bytes(256), bytes(12), b"x", bytes(16)]
        yield "nested in a JWE", ".".join(base64url(part) for part in parts)
        types: list[Any] = ["JWE", "JOSE", "logout+jwt", "dpop+jwt", "secevent+jwt", "application/logout+jwt"]
        for kind in [*types, "", 1, None, []]:
            yield f"typ {kind!r}", self.genuine.token(self.claims, typ=kind)


def always(signature: bytes) -> Callable[[bytes], bytes]:
    """Sign everything with the same bytes."""
    return lambda _: signature


def with_secret(key: bytes, digest: str) -> Callable[[bytes], bytes]:
    """Sign as with a shared secret."""
    return lambda signed: hmac.digest(key, signed, digest)


def _other_spelling(character: str) -> str:
    """Another last character of the same bytes: 342 characters hold 256 bytes and four bits too many."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return alphabet[alphabet.index(character) + 1]
