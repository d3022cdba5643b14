"""Tables that only grow are partitioned by the month in which their UUIDv7 ids were made.

Partitions are made long before they are needed and dropped whole, by functions that belong to the owner of the
database: the service itself may neither create nor drop a table.
"""

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from app.core.database import Database, Statement, Transaction

MONTHS_AHEAD = 12

_create_ahead = Statement(
    sa.text("SELECT create_partitions_ahead(CAST(:months AS integer), CAST(:moment AS timestamptz))")
)

_drop_expired = Statement(
    sa.text("SELECT drop_expired_partitions(CAST(:parent AS text), CAST(:before AS timestamptz))")
)

# One more month ahead is the least: whoever is told has the rest of it to help.
_are_ahead = Statement(
    sa.text("""
SELECT coalesce(bool_and(to_regclass(format('%I', relname || to_char(month, '_YYYY_MM'))) IS NOT NULL), false)
FROM pg_partitioned_table
JOIN pg_class ON pg_class.oid = partrelid
CROSS JOIN (VALUES (now() AT TIME ZONE 'UTC'), (now() AT TIME ZONE 'UTC' + interval '1 month')) AS needed (month)
WHERE relnamespace = CAST(current_schema() AS regnamespace)
    """)
)


async def create_ahead(database: Database, moment: datetime) -> int:
    """Make the partitions that are missing from the moment's month until a year later; gives their number."""
    async with database.begin_for_all() as tx:
        return int(await tx.fetch_value(_create_ahead, months=MONTHS_AHEAD, moment=moment))


async def drop_expired(tx: Transaction, table: str, before: datetime) -> list[str]:
    """Drop a table's partitions whose months ended by `before`; gives their names.

    Raises asyncpg's `LockNotAvailableError` when the table stays busy for half a second.
    """
    dropped: list[str] = await tx.fetch_value(_drop_expired, parent=table, before=before)
    return dropped


async def are_ahead(tx: Transaction) -> bool:
    """Whether every partitioned table can take what is written now and in a month."""
    return bool(await tx.fetch_value(_are_ahead))


def first_id(moment: datetime) -> UUID:
    """The smallest UUIDv7 of a moment: 48 bits of milliseconds, then zeros."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def month_start(moment: datetime, months_before: int = 0) -> datetime:
    """Where a month begins in UTC: the moment's, or one so many months before it."""
    year, month = divmod(moment.astimezone(UTC).year * 12 + moment.astimezone(UTC).month - 1 - months_before, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
