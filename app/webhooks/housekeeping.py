"""Keeping the growing tables in months: those to come are made ahead, those that are over are dropped whole.

Nothing here waits long: what is busy, or not ready to go, is left for the next time.
"""

from datetime import datetime

import asyncpg
import sqlalchemy as sa
import structlog

from app.audit.retention import forget_entries
from app.core.database import Database, Statement
from app.core.partitions import create_ahead, drop_expired, first_id, month_start
from app.core.settings import Settings
from app.outbox.retention import forget_events
from app.webhooks.expiry import delete_deliveries, give_up_deliveries

# A worker that leads moves the position on in the same transaction as it writes the deliveries.
_has_not_fanned_out = Statement(
    sa.text("""
SELECT EXISTS (
    SELECT FROM events event
    CROSS JOIN webhook_fanout_position place
    WHERE event.id < CAST(:before AS uuid) AND (event.xid, event.id) > (place.xid, place.event_id)
) AS is_so
    """)
)

_log = structlog.get_logger()


async def keep_house(database: Database, settings: Settings, moment: datetime) -> None:
    """Make the months that are missing, and drop what the settings keep no longer; in the worker's role."""
    try:
        if made := await create_ahead(database, moment):
            _log.info("partitions made", count=made)
        await _drop_attempts(database, month_start(moment, settings.attempt_retention_months))
        if settings.event_retention_months is not None:
            await _drop_events(database, month_start(moment, settings.event_retention_months))
        if settings.audit_retention_months is not None:
            dropped = await forget_entries(database, month_start(moment, settings.audit_retention_months))
            _log.info("old audit entries dropped", partitions=dropped)
    except asyncpg.LockNotAvailableError:
        _log.info("a table was busy; its partitions are seen to next time")


async def _drop_attempts(database: Database, before: datetime) -> None:
    async with database.begin_for_all() as tx:
        dropped = await drop_expired(tx, "webhook_attempts", before)
    deleted = await delete_deliveries(database, before)
    if dropped or deleted:
        _log.info("old attempts dropped", partitions=dropped, deliveries=deleted)


async def _drop_events(database: Database, before: datetime) -> None:
    async with database.begin_for_all() as tx:
        if await tx.fetch_value(_has_not_fanned_out, before=first_id(before)):
            _log.warning("old events are kept until they are fanned out")
            return
    given_up = await give_up_deliveries(database, before)
    dropped = await forget_events(database, before)
    given_up += await give_up_deliveries(database, before)  # what was asked for again until just now
    if dropped or given_up:
        _log.info("old events dropped", partitions=dropped, deliveries_given_up=given_up)
