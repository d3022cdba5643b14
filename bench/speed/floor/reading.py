"""A statement of the service that is sent alone, with its arguments put in their places as cheaply as can be."""

from typing import Any

import asyncpg

from app.core.caller import Caller
from app.core.database import Statement


class Reading:
    """One round trip instead of three (BEGIN, statement, COMMIT): it brings its organization along."""

    def __init__(self, statement: Statement) -> None:
        self._sql = statement.alone
        self._template = statement.arguments(dict.fromkeys(statement.required))
        self._slots = [(place, name) for place, name in enumerate(statement.names) if name in statement.required]

    async def fetch(self, pool: asyncpg.Pool, caller: Caller, **parameters: object) -> list[asyncpg.Record]:
        """All rows."""
        parameters["organization_id"] = caller.organization_id
        values = self._template.copy()
        for place, name in self._slots:
            values[place] = parameters[name]
        async with pool.acquire() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(self._sql, *values, str(caller.organization_id))
        return rows

    async def fetch_row(self, pool: asyncpg.Pool, caller: Caller, **parameters: object) -> Any:
        """The row that must be there."""
        (row,) = await self.fetch(pool, caller, **parameters)
        return row
