"""What the chain is made of: SHA-256 over an entry, and over the link before it.

An entry's values have a digest of their own, salted: they can be erased while the rest of the entry, and the chain,
still verify. Every part goes in with its length, so that nothing can be moved from one part into the next.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

BEGINNING = bytes(32)
"""What the first link of an organization continues."""

_FIELDS = (
    "organization_id",
    "id",
    "xid",
    "occurred_at",
    "action",
    "record_type",
    "record_id",
    "actor_id",
    "source",
    "request_id",
    "client_address",
    "credential_id",
)


def digest_of_values(salt: bytes, before: str | None, after: str | None) -> bytes:
    """Of an entry's old and new values, as Postgres writes them as text."""
    return _digest(salt, before, after)


def digest_of_entry(entry: Mapping[str, Any], values_digest: bytes) -> bytes:
    """Of everything else that an entry says, and of its values' digest."""
    return _digest(*(_text(entry[name]) for name in _FIELDS), values_digest)


def digest_of_link(previous: bytes, position: int, entry_digest: bytes) -> bytes:
    """Of an entry and all before it."""
    return _digest(previous, str(position), entry_digest)


def _text(value: Any) -> str | None:
    return None if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


def _digest(*parts: bytes | str | None) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        if part is None:
            digest.update(b"-")
            continue
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.digest()
