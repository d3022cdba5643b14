"""A transaction, and what it begins with: one round trip of the simple protocol, whose text holds ids and an e-mail."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg

from app.core.caller import Caller
from app.core.origin import settings_sql


@asynccontextmanager
async def transaction(pool: asyncpg.Pool, begin: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection between `begin` and COMMIT; rolled back when anything is raised."""
    async with pool.acquire() as connection:
        await connection.execute(begin)
        try:
            yield connection
        except BaseException:
            await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")


def beginning(caller: Caller) -> str:
    """BEGIN, and who acts, for row-level security and the audit log."""
    return f"BEGIN; {settings_sql(caller)}"


def beginning_with_lock(caller: Caller, subject_id: UUID) -> str:
    """The same, and the subject's lock: nothing is written before it (decision 3)."""
    here = f"organization_id = '{caller.organization_id}' AND id = '{subject_id}'"
    return (
        f"{beginning(caller)}; SELECT pg_advisory_xact_lock(hashtextextended('{subject_id}', 0)); "  # noqa: S608 # ids
        f"SELECT FROM subjects WHERE {here} FOR UPDATE"
    )


def beginning_with_email(caller: Caller, email: str) -> str:
    """The same, and the place in the line of those who write leads with this e-mail."""
    quoted = email.lower().replace("'", "''")
    return f"{beginning(caller)}; SELECT pg_advisory_xact_lock(hashtextextended('{caller.organization_id}{quoted}', 0))"
