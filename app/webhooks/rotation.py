"""Rotation: a new secret, beside which the old one goes on signing for a while, so that receivers can change over."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Database, Row, Statement, Transaction
from app.core.problems import Conflict
from app.core.secret_box import SecretBox, SecretUnreadable
from app.webhooks import queries
from app.webhooks.endpoint_secrets import SealedSecrets, SecretNotReadable, open_secrets, seal_secret
from app.webhooks.endpoints import lock_endpoint
from app.webhooks.schemas import WebhookSecretRotation
from app.webhooks.signing import new_secret

# Endpoints are locked in the order of their key elsewhere; whoever holds one now has it wiped by the next sweep.
_wipe = Statement(
    sa.text("""
UPDATE webhook_endpoints endpoint SET old_secret = NULL, old_secret_expires_at = NULL
FROM (
    SELECT organization_id, id FROM webhook_endpoints WHERE old_secret_expires_at <= now() FOR UPDATE SKIP LOCKED
) expired
WHERE (endpoint.organization_id, endpoint.id) = (expired.organization_id, expired.id)
    """)
)


class SecretRotating(Conflict):
    """Two secrets sign already: wait until `old_secret_expires_at`, or expire the old one at once."""


async def rotate_secret(
    tx: Transaction, box: SecretBox, endpoint_id: UUID, rotation: WebhookSecretRotation, expected: int | None
) -> dict[str, Any]:
    """Give an endpoint a new secret, which is in the answer; at most two secrets sign.

    Raises `NotFound`, `SecretRotating`, `SecretNotReadable`, and `PreconditionFailed` when stale.
    """
    endpoint = await lock_endpoint(tx, endpoint_id, expected)
    secret = new_secret()
    changes = _old_secret(tx, box, endpoint, rotation.expire_old_secret_in_seconds)
    changes["secret"] = seal_secret(box, endpoint["organization_id"], endpoint_id, secret)
    row = await tx.fetch_row(queries.update_endpoint.of(changes), id=endpoint_id, **changes)
    return {**row, "secret": secret}


async def wipe_expired_secrets(database: Database) -> int:
    """Remove the old secrets that have ceased to sign; gives their number."""
    async with database.begin_for_all() as tx:
        return await tx.execute(_wipe)


def _old_secret(tx: Transaction, box: SecretBox, endpoint: Row, overlap_seconds: int) -> dict[str, Any]:
    nothing: dict[str, Any] = {"old_secret": None, "old_secret_expires_at": None}
    if overlap_seconds == 0:
        return nothing
    expires_at = endpoint["old_secret_expires_at"]
    if expires_at is not None and expires_at > tx.now():
        raise SecretRotating
    organization_id, endpoint_id = endpoint["organization_id"], endpoint["id"]
    try:
        (current,) = open_secrets(box, SealedSecrets(organization_id, endpoint_id, endpoint["secret"], None))
    except SecretUnreadable:
        raise SecretNotReadable from None  # never a shorter overlap than was asked for
    return {
        "old_secret": seal_secret(box, organization_id, endpoint_id, current),
        "old_secret_expires_at": tx.now() + timedelta(seconds=overlap_seconds),
    }
