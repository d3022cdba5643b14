"""A process's connections to its database, in the role of the API or in that of the worker."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.core.database import Database, connect
from app.core.roles import APP_ROLE, WORKER_ROLE
from app.core.settings import Settings


async def connect_app(settings: Settings) -> Database:
    """The API's pool, in the role that sees one organization at a time; `settings.database_url` must be given."""
    return await connect(
        settings,
        role=APP_ROLE,
        size=settings.database_pool_size,
        acquire_timeout_seconds=settings.database_acquire_timeout_seconds,
    )


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Database]:
    """The service's database, closed on leaving."""
    database = await connect_app(settings)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def opened_as_worker(settings: Settings) -> AsyncIterator[Database]:
    """A connection in the worker's role, which sees the names of all organizations."""
    database = await connect(settings, role=WORKER_ROLE, size=1, acquire_timeout_seconds=5)
    try:
        yield database
    finally:
        await database.close()
