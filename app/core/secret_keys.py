"""The keys that stored secrets are encrypted with: `id:base64` of 32 bytes, separated by commas, newest first.

The first key encrypts, all of them decrypt. No message repeats any part of what was given.
"""

import base64
import os
import re
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

KEY_BYTES = 32
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


class SecretKeysUnusable(Exception):
    """Secrets cannot be stored or read; the message tells the operator why, and repeats nothing of a key."""


class SecretKeysMissing(SecretKeysUnusable):
    """There is no key at all."""

    def __init__(self) -> None:
        super().__init__(_MISSING)


_MISSING = """STAGELINE_SECRET_KEYS is not set, and webhook secrets are stored encrypted. Make a key once with

    stageline create-secret-key

and set STAGELINE_SECRET_KEYS to what it prints, the same for all processes on one database. Without this
key nobody can read the stored secrets: back it up, apart from the database."""


@dataclass(frozen=True, slots=True)
class SecretKey:
    """A key for AES-256, and the id that values encrypted with it carry."""

    id: str
    material: bytes = field(repr=False)


def parse_keys(text: str) -> tuple[SecretKey, ...]:
    """Read keys in their written form; raises `ValueError`, which names entries by their place only."""
    entries = [entry.strip() for entry in text.split(",") if entry.strip()]
    keys = tuple(_parse(entry, f"entry {number}") for number, entry in enumerate(entries, 1))
    if len({key.id for key in keys}) < len(keys):
        raise ValueError("two entries have the same id")
    if len({key.material for key in keys}) < len(keys):
        raise ValueError("two entries have the same key")
    return keys


def new_key() -> str:
    """Make a key in its written form; its id tells the day, and two keys of one day apart."""
    key_id = f"{datetime.now(UTC):%Y%m%d}-{secrets.token_hex(3)}"
    return f"{key_id}:{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"


def kept_keys(file: Path) -> str:
    """The written keys of a file that only its owner may read; the first of all processes that ask makes it.

    Raises `SecretKeysUnusable` for a file that has been damaged.
    """
    if not file.exists():
        _make(file)
    written = file.read_text(encoding="ascii", errors="replace")
    try:
        is_usable = bool(parse_keys(written))
    except ValueError as error:
        raise SecretKeysUnusable(f"{file}: {error}") from None
    if not is_usable:
        raise SecretKeysUnusable(f"{file} holds no key; restore it, or delete it and rotate every webhook secret")
    return written


def _parse(entry: str, place: str) -> SecretKey:
    key_id, colon, encoded = entry.partition(":")
    if not colon or _ID.fullmatch(key_id) is None:
        raise ValueError(f"{place} is not <id>:<base64>; an id has 1 to 32 letters, digits, dots, - and _")
    try:
        material = base64.b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError(f"the key of {place} is not base64") from None
    if len(material) != KEY_BYTES:
        raise ValueError(f"the key of {place} has {len(material)} bytes, not {KEY_BYTES}")
    return SecretKey(key_id, material)


def _make(file: Path) -> None:
    """Linked into place when it is whole and on disk: nobody reads half a key, and the first of two wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent)  # of mode 0600
    written = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(new_key() + "\n")
            stream.flush()
            os.fsync(descriptor)
        file.hardlink_to(written)
    except FileExistsError:
        pass  # another process was faster
    finally:
        written.unlink()
    _sync_folder(file.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
