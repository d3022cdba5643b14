"""Rotation: a new secret, beside which the old one goes on working for a while, so that its users can change over."""

from datetime import timedelta
from typing import Any

from app.core.database import Row, Transaction
from app.core.problems import Conflict
from app.core.resource import check_version
from app.people import queries
from app.people.api_key import ApiKey
from app.people.permissions import demand_found
from app.people.scopes import demand_no_more


class KeyRotating(Conflict):
    """Two secrets of the key work already: wait until `old_secret_expires_at`, or expire the old one at once."""


class KeyEnded(Conflict):
    """The key was revoked or has expired, so it has no secret to replace."""

    remedy = "Make another key."


async def rotate_key(tx: Transaction, key_id: str, overlap_seconds: int, expected: int | None) -> tuple[ApiKey, Row]:
    """Give a key a new secret, at most two of which work; it must not open more to the caller than their own.

    Raises `NotFound`, `InsufficientScope`, `KeyEnded`, `KeyRotating`, and `PreconditionFailed` when stale.
    """
    row = demand_found(await tx.fetch_one(queries.lock_key, id=key_id))
    check_version(row, expected)
    demand_no_more(tx.caller, row["scopes"])
    if row["revoked_at"] is not None or (row["expires_at"] is not None and row["expires_at"] <= tx.now()):
        raise KeyEnded
    key = ApiKey.renew(key_id)
    changes = _old_secret(tx, row, overlap_seconds)
    return key, await tx.fetch_row(queries.rotate_key, id=key_id, secret_sha256=key.secret_sha256, **changes)


def _old_secret(tx: Transaction, row: Row, overlap_seconds: int) -> dict[str, Any]:
    if overlap_seconds == 0:
        return {"old_secret_sha256": None, "old_secret_expires_at": None}
    expires_at = row["old_secret_expires_at"]
    if expires_at is not None and expires_at > tx.now():
        raise KeyRotating
    return {
        "old_secret_sha256": row["secret_sha256"],
        "old_secret_expires_at": tx.now() + timedelta(seconds=overlap_seconds),
    }
