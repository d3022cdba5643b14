"""Sealing stored secrets anew with the first key of the ring, so that an older key can be retired."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Database, Row, Statement, Transaction
from app.core.secret_box import SecretBox, SecretUnreadable
from app.webhooks.endpoint_secrets import SealedSecrets, open_secrets, seal_secret
from app.webhooks.rotation import wipe_expired_secrets

BATCH = 500

_START = UUID(int=0)

# Locked in the order of their key, as everywhere: a rotation at the same time waits, and is not overwritten.
_next = Statement(
    sa.text("""
SELECT organization_id, id, secret, old_secret
FROM webhook_endpoints
WHERE (organization_id, id) > (CAST(:organization_id AS uuid), CAST(:endpoint_id AS uuid))
ORDER BY organization_id, id
LIMIT CAST(:most AS integer)
FOR UPDATE
    """)
)

# Neither version nor time: nothing changes that anybody can see.
_write = Statement(
    sa.text("""
UPDATE webhook_endpoints SET secret = CAST(:secret AS bytea), old_secret = CAST(:old_secret AS bytea)
WHERE organization_id = CAST(:organization_id AS uuid) AND id = CAST(:endpoint_id AS uuid)
    """)
)


@dataclass(slots=True)
class Reencrypted:
    """How many endpoints' secrets are sealed anew, were under the first key before, and cannot be read."""

    changed: int = 0
    unchanged: int = 0
    unreadable: list[UUID] = field(default_factory=list)


async def reencrypt_secrets(worker: Database, box: SecretBox, batch: int = BATCH) -> Reencrypted:
    """Go through the endpoints of all organizations, one short transaction per batch; may be done again at any time."""
    await wipe_expired_secrets(worker)
    done, place = Reencrypted(), (_START, _START)
    while True:
        async with worker.begin_for_all() as tx:
            rows = await tx.fetch_all(_next, organization_id=place[0], endpoint_id=place[1], most=batch)
            await _seal_anew(tx, box, rows, done)
        if len(rows) < batch:
            return done
        place = (rows[-1]["organization_id"], rows[-1]["id"])


async def _seal_anew(tx: Transaction, box: SecretBox, rows: Sequence[Row], done: Reencrypted) -> None:
    changes = []
    for row in rows:
        sealed = SealedSecrets(*row)
        try:
            secrets = open_secrets(box, sealed)
        except SecretUnreadable:
            done.unreadable.append(sealed.endpoint_id)
            continue
        if all(box.is_under_first_key(value) for value in row[2:] if value is not None):
            done.unchanged += 1
            continue
        anew = [seal_secret(box, sealed.organization_id, sealed.endpoint_id, secret) for secret in secrets]
        changes.append(
            {
                "organization_id": sealed.organization_id,
                "endpoint_id": sealed.endpoint_id,
                "secret": anew[0],
                "old_secret": anew[1] if sealed.old is not None else None,
            }
        )
    await tx.execute_many(_write, changes)
    done.changed += len(changes)
