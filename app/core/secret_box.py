"""Secrets as they are stored: AES-256-GCM, bound to their record, under one key of a ring.

A sealed value is a version, the key's id, a random nonce of 96 bits, the ciphertext and its tag. Whatever comes before
the nonce, and the record it belongs to, are authenticated: a value moved to another record does not open. One key may
seal 2**32 values (NIST SP 800-38D, 8.3).
"""

import os
from collections.abc import Sequence
from typing import TypeAlias
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.core.secret_keys import SecretKey, SecretKeysMissing

Binding: TypeAlias = bytes

_VERSION = 1
_NONCE_BYTES = 12
_HEAD_BYTES = 2  # the version, and the length of the key's id


class SecretUnreadable(Exception):
    """A sealed value cannot be opened."""


class SecretKeyUnknown(SecretUnreadable):
    """It was sealed with a key that is not in the ring."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the key {key_id!r} is not among STAGELINE_SECRET_KEYS")


class SecretDamaged(SecretUnreadable):
    """It was altered, belongs to another record, or was sealed with another key of the same id."""

    def __init__(self) -> None:
        super().__init__("it was altered, or belongs to another record")


def bind(purpose: str, *record: UUID | str) -> Binding:
    """What a secret belongs to: what it is for, and the whole key of its record, the organization first."""
    parts = [purpose.encode(), *(part.bytes if isinstance(part, UUID) else part.encode() for part in record)]
    return b"".join(len(part).to_bytes(4) + part for part in parts)


class SecretBox:
    """Seals with the first key and opens with any; shows neither keys nor secrets.

    Raises `SecretKeysMissing` when made without a key.
    """

    def __init__(self, keys: Sequence[SecretKey]) -> None:
        if not keys:
            raise SecretKeysMissing
        self._ciphers = {key.id.encode("ascii"): AESGCM(key.material) for key in keys}
        self._first = next(iter(self._ciphers))

    def seal(self, secret: bytes, binding: Binding) -> bytes:
        """Encrypt for one record."""
        head = bytes((_VERSION, len(self._first))) + self._first
        nonce = os.urandom(_NONCE_BYTES)
        return head + nonce + self._ciphers[self._first].encrypt(nonce, secret, head + binding)

    def open(self, sealed: bytes, binding: Binding) -> bytes:
        """Decrypt what was sealed for the same record; raises `SecretKeyUnknown` and `SecretDamaged`."""
        head, nonce, ciphertext = _split(sealed)
        cipher = self._ciphers.get(head[_HEAD_BYTES:])
        if cipher is None:
            raise SecretKeyUnknown(key_id_of(sealed))
        try:
            return cipher.decrypt(nonce, ciphertext, head + binding)
        except InvalidTag:
            raise SecretDamaged from None

    def is_under_first_key(self, sealed: bytes) -> bool:
        """Whether the value carries the id of the key that seals now."""
        return key_id_of(sealed) == self._first.decode("ascii")


def key_id_of(sealed: bytes) -> str:
    """The id of the key that a value says it was sealed with; raises `SecretDamaged`."""
    head, _, _ = _split(sealed)
    return head[_HEAD_BYTES:].decode("ascii", errors="replace")


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < _HEAD_BYTES or sealed[0] != _VERSION:
        raise SecretDamaged
    head_ends = _HEAD_BYTES + sealed[1]
    nonce_ends = head_ends + _NONCE_BYTES
    if len(sealed) <= nonce_ends:
        raise SecretDamaged
    return sealed[:head_ends], sealed[head_ends:nonce_ends], sealed[nonce_ends:]
