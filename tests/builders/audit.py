"""Audit logs: linked, verified, and tampered with as only the owner of the database can."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from app.audit.chain import link
from app.audit.verification import Head, Verification
from app.core.database import Database
from tests.department import Department

_FILL = """
INSERT INTO audit_log (organization_id, id, occurred_at, action, record_type, record_id, source, after)
SELECT $1, (left(first_id_of($3)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid, $3, 'create',
    'account', number::text, 'sql', jsonb_build_object('name', 'Account ' || number)
FROM generate_series(1, $2::integer) number
"""

_HELD_BACK = """
SELECT count(*) FROM pg_locks held JOIN pg_stat_activity USING (pid)
WHERE held.locktype = 'transactionid' AND held.granted AND held.mode = 'ExclusiveLock'
    AND datname <> current_database() AND age(held.transactionid) >= age($1::xid)
"""
_OTHERS_SECONDS = 90


async def link_all(worker: Database) -> None:
    """Link whatever is committed and not held back by a transaction of this database."""
    await _until_other_databases_hold_nothing_back(worker)
    while await link(worker):
        pass


async def _until_other_databases_hold_nothing_back(worker: Database) -> None:
    """Wait for the transactions that other tests have open beside this one: ids are those of all databases."""
    async with asyncio.timeout(_OTHERS_SECONDS), worker.begin_for_all() as tx:
        newest = await tx.connection.fetchval("SELECT pg_snapshot_xmax(pg_current_snapshot())::xid")
        while await tx.connection.fetchval(_HELD_BACK, newest):  # noqa: ASYNC110 # the database tells nobody
            await asyncio.sleep(0.01)


async def verified(worker: Database, department: Department, expected: Head | None = None) -> Verification:
    """The organization's chain, gone through to its end."""
    verification = Verification(worker, department.organization_id, expected)
    async for _ in verification.steps():
        pass
    return verification


async def found_in(worker: Database, department: Department) -> list[tuple[str, UUID | None, int | None]]:
    findings = (await verified(worker, department)).findings
    return [(str(each.damage), each.audit_id, each.position) for each in findings]


async def links_of(owner: asyncpg.Connection, department: Department) -> list[asyncpg.Record]:
    rows: list[asyncpg.Record] = await owner.fetch(
        "SELECT position, audit_id, xid, digest FROM audit_links WHERE organization_id = $1 ORDER BY position",
        department.organization_id,
    )
    return rows


async def fill_audit_log(owner: asyncpg.Connection, department: Department, count: int, moment: object) -> None:
    """Entries of new accounts that were never there, as if they had been written then."""
    await owner.execute(_FILL, department.organization_id, count, moment)


@asynccontextmanager
async def tampering(owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Connection]:
    """A transaction of somebody who switched the triggers off."""
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        yield owner
