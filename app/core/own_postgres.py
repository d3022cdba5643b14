"""The database of a process: the one that `DATABASE_URL` names, or an embedded one that it brings along."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import structlog
from pydantic import SecretStr

from app.core.embedded_postgres import EmbeddedPostgres
from app.core.postgres_binaries import PostgresBinariesNotFound
from app.core.postgres_server import PostgresDidNotStart, PostgresDidNotStop
from app.core.secret_keys import kept_keys
from app.core.settings import Settings

_DATABASE = "stageline"
_SERVICE_USER = "stageline_service"
_KEY_FILE = "secret-keys"
_LOOK_SECONDS = 0.5

_log = structlog.get_logger()


@contextmanager
def provided(settings: Settings) -> Iterator[Settings]:
    """Settings whose database URLs can be connected to, for as long as the block lasts, with a key for secrets.

    The embedded server is started again when it dies, and stopped on leaving when no other process uses it. Its
    service connects as a user that owns nothing and is no superuser; its superuser migrates. Where no key is set, one
    is kept beside the server's data.

    Raises `SecretKeysUnusable` for a damaged file of keys.
    """
    if not settings.is_embedded:
        yield settings
        return
    home = data_folder(settings) / "postgres"
    home.mkdir(parents=True, exist_ok=True)
    keys = settings.secret_keys or SecretStr(kept_keys(data_folder(settings) / _KEY_FILE))
    with EmbeddedPostgres(home, binaries=settings.postgres_bindir) as server, _kept_alive(server):
        asyncio.run(_prepare(server.url()))
        own = {
            "secret_keys": keys,
            "database_url": server.url(_DATABASE, _SERVICE_USER),
            "migration_database_url": server.url(_DATABASE),
        }
        yield settings.model_copy(update=own).for_development()


@contextmanager
def _kept_alive(server: EmbeddedPostgres) -> Iterator[None]:
    """Nobody else looks after a server that we brought along: a thread of its own starts it again when it dies."""
    is_over = threading.Event()
    thread = threading.Thread(target=_revive, args=(server, is_over), name="postgres-guardian", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _revive(server: EmbeddedPostgres, is_over: threading.Event) -> None:
    while not is_over.wait(_LOOK_SECONDS):
        try:
            if server.revive():
                _log.error("the embedded Postgres had died and was started again")
        except (OSError, PostgresDidNotStart, PostgresDidNotStop, PostgresBinariesNotFound) as error:
            _log.error("the embedded Postgres died and cannot be started yet", error=str(error))


def data_folder(settings: Settings) -> Path:
    """Where this machine keeps the service's data."""
    base = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    return settings.data_dir or base / "stageline"


async def _prepare(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SELECT pg_advisory_lock(0)")  # one process at a time, until the connection closes
        if not await connection.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", _SERVICE_USER):
            await connection.execute(f"CREATE ROLE {_SERVICE_USER} LOGIN NOINHERIT")
        if not await connection.fetchval("SELECT true FROM pg_database WHERE datname = $1", _DATABASE):
            await connection.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        await connection.close()
