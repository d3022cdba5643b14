"""One Postgres per run, one migrated template, a clone per worker process, a department per test."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.connections import connect_app
from app.core.database import Database, dsn
from app.core.embedded_postgres import EmbeddedPostgres
from app.core.migrate import migrate
from app.core.secret_keys import new_key
from app.core.settings import Settings
from app.main import create_app
from tests.builders.event_schemas import mistakes_in_log
from tests.builders.pooler import pooling
from tests.builders.problem_documents import check_answer
from tests.department import Department

_HOME = "STAGELINE_TEST_HOME"
_POOLER = "STAGELINE_TEST_POOLER"
TEMPLATE = "stageline_template"
SECRET_KEYS = new_key()
WayTo: TypeAlias = Callable[[str], dict[str, Any]]


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and _HOME not in os.environ:
        os.environ[_HOME] = tempfile.mkdtemp(prefix="stageline-")
        Path(os.environ[_HOME]).chmod(0o755)
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(_HOME), ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Through a pooler, skip what is about connections of the service's own; each of these tests says why."""
    for item in items if os.environ.get(_POOLER) else ():
        if marker := item.get_closest_marker("without_pooler"):
            item.add_marker(pytest.mark.skip(reason=marker.args[0]))


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """A Postgres for tests: `DATABASE_URL` when given (its user must be allowed to create databases and roles)."""
    if given := os.environ.get("DATABASE_URL"):
        yield dsn(given)
        return
    with EmbeddedPostgres(Path(os.environ[_HOME]) / "postgres", durable=False) as server:
        yield server.url()


@pytest.fixture(scope="session")
async def database_url(server_url: str) -> AsyncIterator[str]:
    """A migrated database of this worker process."""
    name = f"stageline_test_{os.getpid()}"
    admin = await asyncpg.connect(server_url)
    with (Path(os.environ[_HOME]) / "template.lock").open("w") as gate:
        flock(gate, LOCK_EX)
        marker = Path(os.environ[_HOME]) / "template.done"
        if not marker.exists():
            await admin.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
            await admin.execute(f"CREATE DATABASE {TEMPLATE}")
            await migrate(with_database(server_url, TEMPLATE))
            marker.touch()
        await admin.execute(f"DROP DATABASE IF EXISTS {name}")
        await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    url = with_database(server_url, name)
    yield url
    mistakes = await mistakes_in_log(url)
    await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await admin.close()
    assert mistakes == [], "\n".join(["tests have led to events that are not what the document says:", *mistakes])


def with_database(url: str, name: str) -> str:
    """The same server's URL with another database."""
    parts = httpx.URL(url)
    return str(parts.copy_with(path=f"/{name}"))


@pytest.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    """A database in which nothing is yet, not even the schema."""
    name = f"stageline_empty_{uuid4().hex}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE {name}")
    yield with_database(server_url, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture(scope="session")
def way_to(server_url: str) -> Iterator[WayTo]:
    """How the service reaches a database of the server: directly, or as `STAGELINE_TEST_POOLER` asks for it."""
    if not os.environ.get(_POOLER):
        yield lambda url: {"database_url": url}
        return
    with pooling(server_url) as pooler:
        yield lambda url: {"database_url": pooler.url(url), "direct_database_url": url}


@pytest.fixture(scope="session")
def settings(database_url: str, way_to: WayTo) -> Settings:
    return Settings(
        **way_to(database_url),
        secret_keys=SECRET_KEYS,
        database_acquire_timeout_seconds=20,  # other tests may have the processor
        rate_limit_key_requests=1_000_000,  # one key asks for everything there is, in every way
        rate_limit_organization_requests=1_000_000,
    ).for_development()


@pytest.fixture(scope="session")
async def database(settings: Settings) -> AsyncIterator[Database]:
    """The pool of the API, in the app's role."""
    database = await connect_app(settings)
    yield database
    await database.close()


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the owner of the database, whom row-level security does not stop."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def app(settings: Settings, database: Database) -> FastAPI:
    return create_app(settings, database)


@pytest.fixture
async def http(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a credential, who looks at every answer."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    hooks = {"response": [check_answer]}
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test", event_hooks=hooks) as client:
        yield client


@pytest.fixture
async def department(database: Database, http: httpx.AsyncClient) -> Department:
    """A new organization with a team tree and nobody in it but its manager of operations."""
    return await Department.found(database, http)


@pytest.fixture
async def other_department(database: Database, http: httpx.AsyncClient) -> Department:
    """Another organization, which must never be seen from the first one."""
    return await Department.found(database, http)
