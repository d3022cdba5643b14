"""What Postgres does for a statement the first time, and what it does once it keeps a plan for all values."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from app.core.caller import Caller
from app.core.database import Look, Row, Statement

Node: TypeAlias = dict[str, Any]
_TIMES_PLANNED_ANEW = 5


class Explaining(Look):
    """Looks, and keeps the plans of the statements that it runs.

    `EXPLAIN` of a statement with parameters plans for their values: a kept plan shows at `EXECUTE` only.
    """

    __slots__ = ("plans",)

    def __init__(self, connection: Any, caller: Caller) -> None:
        super().__init__(connection, caller)
        self.plans: list[Node] = []

    async def fetch_all(self, statement: Statement, /, **parameters: object) -> list[Row]:
        await self._explain(statement, parameters, is_kept=True)
        return await super().fetch_all(statement, **parameters)

    async def fetch_all_once(self, statement: Statement, /, **parameters: object) -> list[Row]:
        await self._explain(statement, parameters, is_kept=False)
        return await super().fetch_all_once(statement, **parameters)

    async def fetch_value(self, statement: Statement, /, **parameters: object) -> Any:
        await self._explain(statement, parameters, is_kept=True)
        return await super().fetch_value(statement, **parameters)

    async def _explain(self, statement: Statement, parameters: dict[str, object], *, is_kept: bool) -> None:
        execute = f"EXECUTE planned({', '.join(map(_literal, self._arguments(statement, parameters)))})"
        await self.connection.execute(f"PREPARE planned AS {statement.alone}")
        await self._keep_plan(execute)
        if is_kept:
            await self.connection.execute(f"EXPLAIN {execute};" * (_TIMES_PLANNED_ANEW - 1))
            await self._keep_plan(execute)
        await self.connection.execute("DEALLOCATE planned")

    async def _keep_plan(self, execute: str) -> None:
        said = await self.connection.fetchval(f"EXPLAIN (ANALYZE, FORMAT JSON) {execute}")
        self.plans.append(json.loads(said)[0]["Plan"])


def nodes_of(plan: Node) -> Iterator[Node]:
    """A plan's nodes, from above."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes_of(below)


def rows_read(plan: Node) -> float:
    """The most rows that one node of the plan has looked at."""
    return max((float(each["Actual Rows"]) + _removed(each)) * float(each["Actual Loops"]) for each in nodes_of(plan))


def outline(plan: Node) -> str:
    """The plan's nodes in one line, for people who look at a failure."""
    return " > ".join(f"{each['Node Type']} {each.get('Index Name', '')}".strip() for each in nodes_of(plan))


def _removed(node: Node) -> float:
    return float(node.get("Rows Removed by Filter", 0)) + float(node.get("Rows Removed by Index Recheck", 0))


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    text = f"{{{','.join(json.dumps(str(each)) for each in value)}}}" if isinstance(value, list) else str(value)
    quoted = text.replace("'", "''")
    return f"'{quoted}'"
