from collections.abc import AsyncIterator

import pytest

from app.core.database import Database, connect
from app.core.roles import WORKER_ROLE
from app.core.settings import Settings


@pytest.fixture
async def worker_database(settings: Settings) -> AsyncIterator[Database]:
    """A pool of a worker, which sees all organizations."""
    database = await connect(settings, role=WORKER_ROLE, size=4, acquire_timeout_seconds=5)
    yield database
    await database.close()
