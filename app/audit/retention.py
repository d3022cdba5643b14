"""Forgetting old entries: whole months with their links, and not without an anchor that the rest continues from."""

from datetime import datetime

import sqlalchemy as sa

from app.audit.chain import LAST_PLACE
from app.core.database import Database, Statement
from app.core.partitions import drop_expired, first_id

_has_unlinked = Statement(
    sa.text(f"""
SELECT EXISTS (
    SELECT FROM audit_log
    WHERE id < CAST(:before AS uuid) AND (xid, id) > (
        coalesce((SELECT xid FROM {LAST_PLACE} last), '0'),
        coalesce((SELECT audit_id FROM {LAST_PLACE} last), '00000000-0000-0000-0000-000000000000')
    )
) AS is_so
    """)  # noqa: S608 # constants
)
# The last link that goes, and around the turn of a month each one whose successor has an id of the next.
_anchor = Statement(
    sa.text("""
INSERT INTO audit_anchors (organization_id, position, digest)
SELECT organization_id, position, digest
FROM audit_links link
WHERE audit_id < CAST(:before AS uuid) AND NOT EXISTS (
    SELECT FROM audit_links next
    WHERE next.organization_id = link.organization_id AND next.position = link.position + 1
        AND next.audit_id < CAST(:before AS uuid)
)
ON CONFLICT DO NOTHING
    """)
)


async def forget_entries(worker: Database, before: datetime) -> list[str]:
    """Drop the months of the audit log that ended by `before`, once all of them is linked; gives what was dropped.

    Raises asyncpg's `LockNotAvailableError` when the log stays busy for half a second.
    """
    async with worker.begin_for_all() as tx:
        if await tx.fetch_value(_has_unlinked, before=first_id(before)):
            return []
        await tx.execute(_anchor, before=first_id(before))
        return [name for table in ("audit_log", "audit_links") for name in await drop_expired(tx, table, before)]
