"""Events of months gone by: their partitions, and ids that were made then."""

import secrets
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from app.core.caller import Caller
from app.core.database import Database, connect
from app.core.partitions import first_id, month_start
from app.core.roles import WORKER_ROLE
from app.core.settings import Settings
from app.outbox.catalogue import EventType
from app.outbox.event import Subject, render
from tests.builders.event_schemas import an_event

_START = """
INSERT INTO subjects (organization_id, id, type, last_sequence) VALUES ($1, $2, 'account', 0) ON CONFLICT DO NOTHING
"""
_NUMBER = """
UPDATE subjects SET last_sequence = last_sequence + 1, last_event_id = $3 WHERE organization_id = $1 AND id = $2
RETURNING last_sequence
"""
_RECORD = """
INSERT INTO events (organization_id, id, type, subject_type, subject_id, sequence, occurred_at, body)
VALUES ($1, $2, 'account.updated', 'account', $3, $4, $5, $6)
"""
_FILL = """
INSERT INTO events (organization_id, id, type, subject_type, subject_id, sequence, occurred_at, body)
SELECT $1, (left(first_id_of($4)::text, 14) || '7' || substr(gen_random_uuid()::text, 16))::uuid,
    'account.updated', 'account', $1, number, $4,
    (
        SELECT convert_to(replace($3, 'Fields Ltd', string_agg(md5(random()::text || part || number), '')), 'UTF8')
        FROM generate_series(1, 256) part
    )
FROM generate_series(1, $2::integer) number
"""


def months_ago(months: int) -> datetime:
    """A moment in the middle of a month gone by."""
    return month_start(datetime.now(UTC), months) + timedelta(days=14)


def partition_of(table: str, moment: datetime) -> str:
    return f"{table}_{moment:%Y_%m}"


def id_made_at(moment: datetime) -> UUID:
    return UUID(int=first_id(moment).int | 7 << 76 | secrets.randbits(62))


async def record_at(database: Database, caller: Caller, subject_id: UUID, moment: datetime) -> UUID:
    """Write the next event of an account in the app's role, as if it were then."""
    event_id = id_made_at(moment)
    async with database.begin(caller) as tx:
        await tx.connection.execute(_START, caller.organization_id, subject_id)
        sequence = await tx.connection.fetchval(_NUMBER, caller.organization_id, subject_id, event_id)
        subject = Subject("account", subject_id, sequence)
        body = render(an_event(EventType.ACCOUNT_UPDATED), event_id, moment, subject, caller)
        await tx.connection.execute(_RECORD, caller.organization_id, event_id, subject_id, sequence, moment, body)
    return event_id


async def fill_log(owner: asyncpg.Connection, caller: Caller, megabytes: int, moment: datetime | None = None) -> None:
    """Events of 8 KiB that do not compress, as if they had happened then, or now."""
    moment = moment or datetime.now(UTC)
    subject = Subject("account", caller.organization_id, 1)
    body = render(an_event(EventType.ACCOUNT_UPDATED), id_made_at(moment), moment, subject, caller).decode()
    async with owner.transaction():
        await owner.execute("SET LOCAL session_replication_role = replica")
        await owner.execute(_FILL, caller.organization_id, megabytes * 128, body, moment)


async def partitions(owner: asyncpg.Connection) -> set[str]:
    rows = await owner.fetch("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")
    return {row["relname"] for row in rows}


async def make_months(owner: asyncpg.Connection, months: Iterable[int]) -> None:
    """Make the partitions of months gone by."""
    for month in months:
        await owner.execute("SELECT create_partitions_ahead(0, $1)", months_ago(month))


async def drop_partitions(owner: asyncpg.Connection, names: Iterable[str]) -> None:
    for name in names:
        await owner.execute(f"DROP TABLE IF EXISTS {name}")


@asynccontextmanager
async def old_months(owner: asyncpg.Connection, *months: int) -> AsyncIterator[None]:
    """The partitions of so many months ago, as long as a test runs."""
    await make_months(owner, months)
    yield
    for table in ("events", "webhook_attempts", "audit_log", "audit_links"):
        await drop_partitions(owner, [partition_of(table, months_ago(month)) for month in months])


@asynccontextmanager
async def worker_connections(settings: Settings, size: int = 4) -> AsyncIterator[Database]:
    """A pool in the worker's role."""
    database = await connect(settings, role=WORKER_ROLE, size=size, acquire_timeout_seconds=5)
    yield database
    await database.close()
