"""Each wall between organizations with the other one taken away."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Any

import asyncpg

from app.connections import connect_app
from app.core.database import Database, dsn
from app.core.settings import Settings

_OF_ONE_ORGANIZATION = re.compile(r"(?<![\w.])(?:\w+\.)?organization_id = (\$\d+::UUID|CAST\(\$\d+ AS uuid\))")
_ISOLATED = "SELECT oid::regclass::text AS name FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')"


class Forgetful(asyncpg.Connection):  # type: ignore[misc] # asyncpg ships no types
    """A connection on which every WHERE has forgotten the organization: only row-level security tells rows apart."""

    forgotten = 0
    """How many statements were sent without their clause."""

    async def fetch(self, query: str, *args: Any, **options: Any) -> Any:
        return await super().fetch(_without_clause(query), *args, **options)

    async def fetchrow(self, query: str, *args: Any, **options: Any) -> Any:
        return await super().fetchrow(_without_clause(query), *args, **options)

    async def fetchval(self, query: str, *args: Any, **options: Any) -> Any:
        return await super().fetchval(_without_clause(query), *args, **options)

    async def execute(self, query: str, *args: Any, **options: Any) -> Any:
        return await super().execute(_without_clause(query), *args, **options)

    async def executemany(self, command: str, args: Sequence[Any], **options: Any) -> Any:
        return await super().executemany(_without_clause(command), args, **options)


def _without_clause(query: str) -> str:
    changed, count = _OF_ONE_ORGANIZATION.subn(r"\1 IS NOT NULL", query)
    Forgetful.forgotten += count
    return changed


class Walls(StrEnum):
    """What keeps organizations apart."""

    BOTH = "both walls"
    CODE = "the code alone"
    DATABASE = "the database alone"
    NEITHER = "neither wall"

    @property
    def has_policies(self) -> bool:
        return self in {Walls.BOTH, Walls.DATABASE}

    @property
    def has_clauses(self) -> bool:
        return self in {Walls.BOTH, Walls.CODE}


@asynccontextmanager
async def without_clauses(settings: Settings) -> AsyncIterator[Database]:
    """The API's pool on forgetful connections."""
    database = await connect_app(settings)
    database.use.pool._connection_class = Forgetful  # noqa: SLF001 # `create_pool` takes it, `connect` has no use for it
    await database.use.pool.expire_connections()
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def without_policies(server_url: str, template: str, name: str) -> AsyncIterator[str]:
    """The URL of a database of that name on which row-level security is off: only the code tells rows apart."""
    admin = await asyncpg.connect(dsn(server_url))
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    url = re.sub(r"^(\w+://[^/]*)/[^?]*", rf"\1/{name}", dsn(server_url))
    owner = await asyncpg.connect(url)
    for table in await owner.fetch(_ISOLATED):
        await owner.execute(f"ALTER TABLE {table['name']} DISABLE ROW LEVEL SECURITY")
    await owner.close()
    try:
        yield url
    finally:
        await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await admin.close()
