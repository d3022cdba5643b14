"""Where experiments take place: one durable Postgres, and for each experiment a database with two organizations."""

import asyncio
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg

from app.core.embedded_postgres import EmbeddedPostgres
from app.core.postgres_folders import SOCKET_NAME
from bench.processes import Program, Tree, module, output_of

_SERVICE_USER = "stageline_service"
_TEMPLATE = "faults_template"
_ENDED_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization with a key of its manager of operations and one of a sales manager."""

    id: str
    operations: str
    manager: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A running Postgres and the tree whose service is examined; `folder` collects what programs say.

    `template` is the database with the organizations that every other one is made from.
    """

    postgres: EmbeddedPostgres
    tree: Tree
    folder: Path
    organizations: tuple[Organization, Organization]
    template: str

    @asynccontextmanager
    async def database(self, name: str) -> AsyncIterator[str]:
        """A database of that name with the two organizations, for as long as the block lasts."""
        admin = await asyncpg.connect(self.owner_url("postgres"))
        try:
            await admin.execute(f"CREATE DATABASE {name} TEMPLATE {self.template}")
        finally:
            await admin.close()
        yield name
        admin = await asyncpg.connect(self.owner_url("postgres"))
        try:
            await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            await admin.close()

    def owner_url(self, database: str) -> str:
        """The address for the superuser, who migrates and checks."""
        return self.postgres.url(database)

    def service_url(self, database: str) -> str:
        """The address for the service, whose user owns nothing."""
        return self.postgres.url(database, _SERVICE_USER)

    def service_url_at(self, database: str, port: int) -> str:
        """The same through something that listens on loopback."""
        return f"postgresql://{_SERVICE_USER}@127.0.0.1:{port}/{database}"

    @property
    def socket(self) -> Path:
        """The unix socket that Postgres listens on."""
        return Path(parse_qs(urlsplit(self.postgres.url()).query)["host"][0]) / SOCKET_NAME

    @property
    def postgres_pid(self) -> int:
        """The process of Postgres that the others are children of."""
        return int((self.socket.parents[1] / "data" / "postmaster.pid").read_text().split()[0])

    async def stop_postgres_at_once(self) -> None:
        """Stop Postgres as after a loss of power: nothing is finished, its next start recovers from the log."""
        pid = self.postgres_pid
        os.kill(pid, signal.SIGQUIT)
        async with asyncio.timeout(_ENDED_SECONDS):
            while _exists(pid):  # it is no child of ours: nothing tells when it has ended
                await asyncio.sleep(0.02)

    async def start_postgres(self) -> None:
        """Start it again; returns when it answers."""
        await asyncio.to_thread(self.postgres.start)


def _exists(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


@asynccontextmanager
async def opened(tree: Tree) -> AsyncIterator[Stage]:
    """A stage on a new Postgres, removed with everything on it afterwards."""
    home = Path(tempfile.mkdtemp(prefix="stageline-faults-"))
    home.chmod(0o755)
    try:
        with EmbeddedPostgres(home / "postgres", durable=True) as postgres:
            await note_commit_times(postgres)
            organizations = await found(postgres, tree, home, _TEMPLATE)
            yield Stage(postgres, tree, home, organizations, _TEMPLATE)
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def note_commit_times(postgres: EmbeddedPostgres) -> None:
    """Have Postgres keep the time of each commit; it is started again for that."""
    admin = await asyncpg.connect(postgres.url())
    is_on = await admin.fetchval("SHOW track_commit_timestamp") == "on"
    if not is_on:
        await admin.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    await admin.close()
    if not is_on:
        await asyncio.to_thread(postgres.stop)
        await asyncio.to_thread(postgres.start)


async def found(postgres: EmbeddedPostgres, tree: Tree, home: Path, database: str) -> tuple[Organization, Organization]:
    """Make a database of that name, at the newest schema and with two organizations."""
    admin = await asyncpg.connect(postgres.url())
    await admin.execute(f"CREATE DATABASE {database}")
    await admin.close()
    urls = (postgres.url(database), postgres.url(database, _SERVICE_USER))
    said = await output_of(Program(tree, module("founding", *urls, _SERVICE_USER), home / "found.txt"))
    ours, theirs = json.loads(said.splitlines()[-1])
    return Organization(**ours), Organization(**theirs)
