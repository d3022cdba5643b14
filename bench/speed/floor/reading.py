"""A statement of the service that is sent alone: it brings its organization along, and is a transaction of its own."""

from typing import Any

import asyncpg

from app.core.caller import Caller
from app.core.database import Statement

_BESIDE = """SELECT found.* FROM (
    SELECT set_config('app.organization_id', CAST({mark} AS text), true)::uuid AS organization_id OFFSET 0
) acting CROSS JOIN LATERAL (SELECT * FROM ({sql}) alone OFFSET 0) found"""


class Reading:
    """One round trip instead of three (BEGIN, statement, COMMIT).

    The statement looks for `acting.organization_id`, so that it cannot run before the setting is made; should it do so
    all the same, the policies let it see nothing.
    """

    def __init__(self, statement: Statement) -> None:
        self._template = statement.arguments(dict.fromkeys(statement.required))
        self._slots = [(place, name) for place, name in enumerate(statement.names) if name in statement.required]
        mark = f"${statement.names.index('organization_id') + 1}::UUID"
        self._sql = _BESIDE.format(mark=mark, sql=statement.sql.replace(mark, "acting.organization_id"))

    async def fetch(self, pool: asyncpg.Pool, caller: Caller, **parameters: object) -> list[asyncpg.Record]:
        """All rows."""
        parameters["organization_id"] = caller.organization_id
        values = self._template.copy()
        for place, name in self._slots:
            values[place] = parameters[name]
        async with pool.acquire() as connection:
            rows: list[asyncpg.Record] = await connection.fetch(self._sql, *values)
        return rows

    async def fetch_row(self, pool: asyncpg.Pool, caller: Caller, **parameters: object) -> Any:
        """The row that must be there."""
        (row,) = await self.fetch(pool, caller, **parameters)
        return row
