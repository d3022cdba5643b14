from collections.abc import AsyncIterator, Iterator

import pytest

from app.connections import connect_app
from app.core.database import Database, connect
from app.core.roles import WORKER_ROLE
from app.core.settings import Settings
from tests.builders.pooler import PGBOUNCER, Pooler, pooling

IS_MISSING = "PgBouncer is not installed (Debian: pgbouncer), so nothing goes through it"


@pytest.fixture(scope="session", autouse=True)
def _pgbouncer() -> None:
    if PGBOUNCER is None:
        pytest.skip(IS_MISSING)


@pytest.fixture(scope="module")
def pooler(server_url: str) -> Iterator[Pooler]:
    with pooling(server_url) as pooler:
        yield pooler


@pytest.fixture(scope="module")
def pooled(settings: Settings, pooler: Pooler) -> Settings:
    """The settings of a service behind it."""
    direct = settings.session_url
    return settings.model_copy(update={"database_url": pooler.url(direct), "direct_database_url": direct})


@pytest.fixture
async def pooled_database(pooled: Settings) -> AsyncIterator[Database]:
    database = await connect_app(pooled)
    yield database
    await database.close()


@pytest.fixture
async def pooled_worker(pooled: Settings) -> AsyncIterator[Database]:
    database = await connect(pooled, role=WORKER_ROLE, size=4, acquire_timeout_seconds=20)
    yield database
    await database.close()
