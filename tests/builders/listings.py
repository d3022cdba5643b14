"""Every list that the service has, and what to ask of it in a database that has grown."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import sqlalchemy as sa
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import CollectionAggregate

import app.main  # noqa: F401 # with which every module of the service is loaded
from app.core.cursors import Place
from app.core.database import Statement
from app.core.pagination import Listing, PageQuery
from tests.builders.grown import own_id

ORGANIZATION = UUID(int=1)
OWNER = UUID(int=77)
TEAM = UUID(int=7)
_REACHES: dict[str, dict[str, object]] = {
    "organization": {"reach_all": True, "reach_user_id": OWNER, "reach_team_ids": []},
    "team": {"reach_all": False, "reach_user_id": OWNER, "reach_team_ids": [TEAM]},
    "own": {"reach_all": False, "reach_user_id": OWNER, "reach_team_ids": []},
}
# what nobody has, and how much more or less nobody has
_ABSENT: dict[type, Any] = {str: "nobody", UUID: UUID(int=2**127)}
_FAR: dict[type, tuple[Any, Any]] = {
    Decimal: (Decimal(-1), Decimal(10**9)),
    date: (date(1970, 1, 1), date(2999, 1, 1)),
    datetime: (datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)),
    UUID: (UUID(int=0), UUID(int=2**128 - 1)),
}
_IS_BELOW = {"gte": False, "lte": True, "lt": True}


class Asked(PageQuery):
    """A query of any list."""

    given: dict[str, Any] = {}

    def filters(self) -> dict[str, Any]:
        return dict(self.given)


@dataclass(frozen=True)
class Known:
    """A list by its name."""

    name: str
    listing: Listing

    @property
    def table(self) -> sa.Table:
        """The table whose rows it lists."""
        table = self.listing.id_column.table
        assert isinstance(table, sa.Table)
        return table

    @property
    def default_sort(self) -> str:
        return f"-{next(iter(self.listing.sorts))}"

    async def scopes(self, owner: asyncpg.Connection) -> dict[str, dict[str, object]]:
        """The parameters of its base for each kind of caller; other records than the first are as it is."""
        names = Statement(self.listing.base).required - {"organization_id"}
        subject = await owner.fetchval(f"SELECT {own_id('1')} FROM (VALUES (1)) one (organization)")  # noqa: S608
        parents = dict.fromkeys(names - _REACHES["own"].keys(), subject)
        reaches = _REACHES if "reach_all" in names else {"organization": {}}
        return {name: {key: reach[key] for key in names & reach.keys()} | parents for name, reach in reaches.items()}

    async def middle(self, owner: asyncpg.Connection, key: str) -> Place:
        """The place halfway through the organization's rows by a sort key."""
        order = (self.listing.sorts[key], self.listing.id_column)
        ours = self.table.c.organization_id == sa.literal_column(f"'{ORGANIZATION}'")
        rows = sa.select(*order).select_from(self.table).where(ours)
        half = await owner.fetchval(f"SELECT count(*) / 2 FROM ({Statement(rows).sql}) ours")  # noqa: S608
        row = await owner.fetchrow(f"{Statement(rows.order_by(*order)).sql} OFFSET {half} LIMIT 1")
        return Place(key, *row)

    async def values(self, owner: asyncpg.Connection, name: str) -> dict[str, Any]:
        """Values for a filter, by what they find: much, a little, nothing."""
        field, _, bound = name.rpartition("_")
        is_range = bound in _IS_BELOW
        column = self._column(name, field if is_range else name)
        source = f"FROM {column.table.name} WHERE organization_id = '{ORGANIZATION}' AND {column.name} IS NOT NULL"
        kind = column.type.python_type
        if is_range:
            is_below = _IS_BELOW[bound]
            share = "0.01" if is_below else "0.99"
            little = f"SELECT percentile_disc({share}) WITHIN GROUP (ORDER BY {column.name}) {source}"
            least, most = _FAR[kind]
            few = await owner.fetchval(little)
            return {"much": most if is_below else least, "little": few, "nothing": least if is_below else most}
        often = f"SELECT {column.name} {source} GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT 1"
        common = await owner.fetchval(often)
        if kind is bool:
            return {"much": common}
        absent = _ABSENT[kind]
        return {"much": common, "nothing": absent} | ({"several": [common, absent]} if self._takes_many(name) else {})

    def _column(self, name: str, field: str) -> sa.Column[Any]:
        """The column that a filter looks at; where that is a key or an expression, the field that it stands for."""
        said = visitors.iterate(self.listing.filters[name](sa.bindparam("value")))
        column = next(each for each in said if isinstance(each, sa.Column))
        return column if column.name == "id" else column.table.c[field]

    def _takes_many(self, name: str) -> bool:
        said = self.listing.filters[name](sa.bindparam("value", type_=sa.ARRAY(sa.Text)))
        return any(isinstance(each, CollectionAggregate) for each in visitors.iterate(said))


def every_list() -> Iterator[Known]:
    """Every `Listing` that a module of the service names."""
    for module in [module for name, module in sorted(sys.modules.items()) if name.startswith("app.")]:
        for name, value in vars(module).items():
            if isinstance(value, Listing):
                yield Known(name, value)
