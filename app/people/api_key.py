"""The format of API keys: `slk_<id>_<secret>_<checksum>`, base62, recognisable to secret scanners.

Only the SHA-256 of the secret is stored; 256 random bits need no slow hash. The checksum tells a mistyped key from an
unknown one without asking the database.
"""

import hashlib
import hmac
import secrets
import string
import zlib
from dataclasses import dataclass

_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_ID_LENGTH = 16
_SECRET_LENGTH = 43  # 62**43 > 2**256
_CHECKSUM_LENGTH = 6  # 62**6 > 2**32


@dataclass(frozen=True, slots=True)
class ApiKey:
    """The parts of a key; `str()` gives the key itself and is shown once."""

    id: str
    secret: str

    @classmethod
    def generate(cls) -> "ApiKey":
        """A new key from the system's random source."""
        return cls.renew(_random(_ID_LENGTH))

    @classmethod
    def renew(cls, key_id: str) -> "ApiKey":
        """The key of that id with a new secret."""
        return cls(key_id, _random(_SECRET_LENGTH))

    @classmethod
    def parse(cls, text: str) -> "ApiKey | None":
        """The key that a text spells, or nothing when its form or checksum is wrong."""
        prefix, _, rest = text.partition("_")
        parts = rest.split("_")
        if prefix != "slk" or [len(part) for part in parts] != [_ID_LENGTH, _SECRET_LENGTH, _CHECKSUM_LENGTH]:
            return None
        if not set("".join(parts)) <= set(_ALPHABET):
            return None
        key = cls(parts[0], parts[1])
        return key if str(key) == text else None

    @property
    def secret_sha256(self) -> bytes:
        """What is stored."""
        return hashlib.sha256(self.secret.encode()).digest()

    def matches_any(self, *stored_sha256: bytes | None) -> bool:
        """Whether one of the stored hashes is this key's, each compared in constant time."""
        return any(hmac.compare_digest(self.secret_sha256, each) for each in stored_sha256 if each is not None)

    def __str__(self) -> str:
        start = f"slk_{self.id}_{self.secret}"
        return f"{start}_{_checksum(start)}"

    def __repr__(self) -> str:
        return f"ApiKey(id={self.id!r}, secret=…)"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    digits = []
    for _ in range(_CHECKSUM_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
