"""Linking what was committed into one chain per organization, off the path of requests.

Entries are linked in the order of `(xid, id)`, below the oldest transaction that is still open, as the feed reads
events: nothing can commit behind what is linked. One worker links at a time; the others find nothing to do.
"""

import secrets
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from app.audit.digests import BEGINNING, digest_of_entry, digest_of_link, digest_of_values
from app.core.database import Database, Row, Statement, Transaction

BATCH = 1_000
LINKING = 7264190155003
"""The advisory lock of whoever links, and of an erasure while it replaces what was linked."""
_SALT_BYTES = 16

ENTRY_COLUMNS = """entry.organization_id, entry.id, entry.xid, entry.occurred_at, entry.action, entry.record_type,
    entry.record_id, entry.actor_id, entry.source, entry.request_id, host(entry.client_address) AS client_address,
    entry.credential_id, CAST(entry.before AS text) AS before, CAST(entry.after AS text) AS after"""
LAST_PLACE = "(SELECT xid, audit_id FROM audit_links ORDER BY xid DESC, audit_id DESC LIMIT 1)"

_take_turn = Statement(sa.text(f"SELECT pg_try_advisory_xact_lock({LINKING})"))
_find_unlinked = Statement(
    sa.text(f"""
SELECT {ENTRY_COLUMNS}
FROM audit_log entry
WHERE (entry.xid, entry.id) > (
        coalesce((SELECT xid FROM {LAST_PLACE} last), '0'),
        coalesce((SELECT audit_id FROM {LAST_PLACE} last), '00000000-0000-0000-0000-000000000000')
    )
    AND entry.xid < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY entry.xid, entry.id
LIMIT {BATCH}
    """)  # noqa: S608 # constants of this module
)
_find_heads = Statement(
    sa.text("""
SELECT organization.id AS organization_id, head.position, head.digest
FROM unnest(CAST(:organization_ids AS uuid[])) AS organization (id)
CROSS JOIN LATERAL (
    SELECT position, digest FROM audit_links WHERE organization_id = organization.id
    UNION ALL
    SELECT position, digest FROM audit_anchors WHERE organization_id = organization.id
    ORDER BY position DESC
    LIMIT 1
) head
    """)
)
_write = Statement(
    sa.text("""
INSERT INTO audit_links (organization_id, audit_id, position, xid, salt, values_digest, entry_digest, digest)
SELECT * FROM unnest(
    CAST(:organization_ids AS uuid[]), CAST(:audit_ids AS uuid[]), CAST(:positions AS bigint[]), CAST(:xids AS xid8[]),
    CAST(:salts AS bytea[]), CAST(:values_digests AS bytea[]), CAST(:entry_digests AS bytea[]),
    CAST(:digests AS bytea[])
)
    """)
)


class _Link(NamedTuple):
    organization_id: UUID
    audit_id: UUID
    position: int
    xid: int
    salt: bytes
    values_digest: bytes
    entry_digest: bytes
    digest: bytes


async def link(worker: Database) -> bool:
    """Link the next entries, at most a thousand; tells whether there may be more."""
    async with worker.begin_for_all() as tx:
        if not await tx.fetch_value(_take_turn):
            return False
        entries = await tx.fetch_all(_find_unlinked)
        if entries:
            heads = await _heads(tx, {entry["organization_id"] for entry in entries})
            links = list(_continued(entries, heads))
            await tx.execute(_write, **{f"{name}s": [getattr(each, name) for each in links] for name in _Link._fields})
    return len(entries) == BATCH


async def _heads(tx: Transaction, organization_ids: set[UUID]) -> dict[UUID, tuple[int, bytes]]:
    rows = await tx.fetch_all(_find_heads, organization_ids=list(organization_ids))
    return {row["organization_id"]: (row["position"], row["digest"]) for row in rows}


def _continued(entries: Sequence[Row], heads: dict[UUID, tuple[int, bytes]]) -> Iterator[_Link]:
    for entry in entries:
        organization_id: Any = entry["organization_id"]
        position, previous = heads.get(organization_id, (0, BEGINNING))
        salt = secrets.token_bytes(_SALT_BYTES)
        values_digest = digest_of_values(salt, entry["before"], entry["after"])
        entry_digest = digest_of_entry(entry, values_digest)
        digest = digest_of_link(previous, position + 1, entry_digest)
        heads[organization_id] = position + 1, digest
        yield _Link(organization_id, entry["id"], position + 1, entry["xid"], salt, values_digest, entry_digest, digest)
