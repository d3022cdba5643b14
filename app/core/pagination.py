"""Lists: keyset pages with typed filters, sorted by any offered key, stable while rows change.

The cursor holds the place of the last row and a fingerprint of the query; a cursor of another query is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.sql.elements import ColumnElement

from app.core.cursors import Place, read_place
from app.core.database import Row, Statement, Transaction
from app.core.known import Known, known_in, with_known
from app.core.problems import Invalid
from app.core.search import Sought, seek

Filter = Callable[[sa.BindParameter[Any]], ColumnElement[bool]]

_RELEVANCE = "relevance"
_RANGES = ("_gte", "_lte", "_lt")  # how filters end whose values decide how many rows there are
_UNSORTED = "created_at"  # in place of relevance, where too many records fit to weigh each of them


_MOST_ITEMS = 200


class PageQuery(BaseModel):
    """The query parameters of every list; a list's own filters are further fields."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=_MOST_ITEMS, description="Items per page.")] = 50
    cursor: Annotated[str | None, Field(max_length=4_000, description="`next_cursor` of the page before.")] = None
    sort: Annotated[str, Field(max_length=50, description="A sort key; a leading `-` turns it around.")] = "-created_at"

    def filters(self) -> dict[str, Any]:
        """The filters that were given, by name."""
        given = self.model_dump(exclude={"limit", "cursor", "sort"}, exclude_none=True)
        return {name: value for name, value in given.items() if value != []}

    def asked_sort(self) -> str:
        """The sort that was asked for."""
        return self.sort


class SearchQuery(PageQuery):
    """The query parameters of a list that can be searched."""

    q: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=200,
            description="Words in any order, case and accents aside. The last may go on; a longer one may hold a "
            "mistake. The first eight count.",
        ),
    ] = None
    sort: Annotated[
        str,
        Field(
            max_length=50,
            description="A sort key; a leading `-` turns it around. With `q`, and unless you sort: `-relevance`, which "
            "is `-created_at` where each word fits more than 5,000 records.",
        ),
    ] = "-created_at"

    def asked_sort(self) -> str:
        """The best matches first, unless another sort was asked for."""
        return f"-{_RELEVANCE}" if self.q is not None and "sort" not in self.model_fields_set else self.sort


@dataclass(frozen=True)
class Page:
    """Rows in order, and where to go on."""

    rows: list[Row]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Shape:
    """What the statement of a page depends on, besides the words that are sought; a filter has one value or many."""

    key: str
    is_descending: bool
    is_first: bool
    filters: tuple[tuple[str, bool], ...]
    known: Known


@dataclass(frozen=True)
class Listing:
    """What a list offers: a base select bound to one organization, sort keys that are never null, and filters.

    `base` selects from the table that `id_column` belongs to; with `searched` that table's words are found by `q`.
    The statement of each shape is compiled once.
    """

    base: sa.Select[Any]
    id_column: ColumnElement[Any]
    sorts: Mapping[str, ColumnElement[Any]]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    searched: sa.Table | None = None
    _compiled: dict[tuple[Any, ...], Statement] = field(default_factory=dict, repr=False)

    async def page(self, tx: Transaction, query: PageQuery, **scope: object) -> Page:
        """One page; `scope` are the parameters of the base select. Raises `Invalid` for a bad sort key or cursor."""
        filters = query.filters()
        sort = query.asked_sort()
        asked = [sort, sorted(filters.items())]
        after = self._place(sort, query.cursor, asked) if query.cursor is not None else None
        text = filters.pop("q", None)
        sought = await seek(tx, self.searched, text) if self.searched is not None and text is not None else None
        key = after.key if after is not None else self._key(sort, sought)
        if sought is not None and key == _RELEVANCE:
            sought = sought.narrowed()
        filters = {name: _alone(value) for name, value in filters.items()}
        named = tuple((name, isinstance(value, list)) for name, value in sorted(filters.items()))
        shape = Shape(key, sort.startswith("-"), after is None, named, known_in(scope))
        statement = self._statement(shape, sought)
        fetch = tx.fetch_all_once if _is_unlike_others(filters, scope) else tx.fetch_all
        parameters: dict[str, object] = {f"filter_{name}": value for name, value in filters.items()}
        parameters |= {name: value for name, value in scope.items() if name in statement.names}
        if after is not None:
            parameters |= {"after_value": after.value, "after_id": after.id}
        rows = await fetch(
            statement,
            page_limit=query.limit + 1,
            **parameters,
            **(sought.parameters(statement.names) if sought else {}),
        )
        if len(rows) <= query.limit:
            return Page(rows, None)
        rows = rows[: query.limit]
        return Page(rows, Place(key, rows[-1]["_sort_value"], rows[-1]["_sort_id"]).cursor(asked))

    def _statement(self, shape: Shape, sought: Sought | None) -> Statement:
        key = (shape, sought and sought.shape)
        statement = self._compiled.get(key)
        if statement is None:
            statement = self._compiled[key] = Statement(with_known(self._select(shape, sought), shape.known))
        return statement

    def _select(self, shape: Shape, sought: Sought | None) -> sa.Select[Any]:
        column = sought.relevance() if sought is not None and shape.key == _RELEVANCE else self.sorts[shape.key]
        statement = self.base.add_columns(column.label("_sort_value"), self.id_column.label("_sort_id"))
        for name, has_many in shape.filters:
            value = sa.bindparam(f"filter_{name}", type_=sa.ARRAY(sa.types.NullType()) if has_many else None)
            statement = statement.where(self.filters[name](value))
        if sought is not None:
            statement = statement.where(*sought.conditions())
        if not shape.is_first:
            place = sa.tuple_(column, self.id_column)
            last = sa.tuple_(
                sa.bindparam("after_value", type_=column.type), sa.bindparam("after_id", type_=self.id_column.type)
            )
            statement = statement.where(place < last if shape.is_descending else place > last)
        order = (column, self.id_column)
        statement = statement.order_by(*(each.desc() if shape.is_descending else each.asc() for each in order))
        # a kept plan takes a LIMIT that it does not know for a tenth of all rows, and would read and sort them
        page = statement.limit(sa.literal_column(str(_MOST_ITEMS + 1))).subquery("page")
        return sa.select(page).limit(sa.bindparam("page_limit", type_=sa.Integer))

    def _key(self, sort: str, sought: Sought | None) -> str:
        key = sort.removeprefix("-")
        if key == _RELEVANCE and sought is not None:
            return _RELEVANCE if sought.rare else _UNSORTED
        if key not in self.sorts:
            offered = [*sorted(self.sorts), *([_RELEVANCE] if sought is not None else [])]
            raise Invalid.at("/query/sort", "unknown_sort", f"Sort by one of: {', '.join(offered)}.")
        return key

    def _place(self, sort: str, cursor: str, asked: object) -> Place:
        key = sort.removeprefix("-")
        keys = {_RELEVANCE: int, _UNSORTED: datetime} if key == _RELEVANCE else {key: self._type_of(key)}
        return read_place(cursor, asked, keys, self.id_column.type.python_type)

    def _type_of(self, key: str) -> type:
        return self.sorts[self._key(key, None)].type.python_type


def equals(column: ColumnElement[Any]) -> Filter:
    """The column has the value."""
    return lambda value: column == _typed(value, column)


def any_of(column: ColumnElement[Any]) -> Filter:
    """The column has one of the values (`stage=a&stage=b`)."""

    def is_any(value: sa.BindParameter[Any]) -> ColumnElement[bool]:
        # one value is said as such: an index on the column then gives its rows in the order of what follows in it
        has_many = isinstance(value.type, sa.ARRAY)
        return column == (sa.any_(_typed(value, column, many=True)) if has_many else _typed(value, column))

    return is_any


def at_least(column: ColumnElement[Any]) -> Filter:
    """The column is the value or more."""
    return lambda value: column >= _typed(value, column)


def at_most(column: ColumnElement[Any]) -> Filter:
    """The column is the value or less."""
    return lambda value: column <= _typed(value, column)


def at_least_money(key: ColumnElement[int]) -> Filter:
    """The amount that the key stands for (`schema.money_key`) is the value or more."""
    return lambda value: key >= _hundredths(sa.func.ceil, value)


def at_most_money(key: ColumnElement[int]) -> Filter:
    """The amount that the key stands for is known, and the value or less."""
    return lambda value: sa.and_(key >= sa.literal_column("0"), key <= _hundredths(sa.func.floor, value))


def less_than(column: ColumnElement[Any]) -> Filter:
    """The column is less than the value."""
    return lambda value: column < _typed(value, column)


def _typed(value: sa.BindParameter[Any], column: ColumnElement[Any], *, many: bool = False) -> sa.BindParameter[Any]:
    return sa.bindparam(value.key, type_=sa.ARRAY(column.type) if many else column.type)


def _hundredths(rounded: Callable[..., ColumnElement[Any]], value: sa.BindParameter[Any]) -> ColumnElement[int]:
    amount = sa.bindparam(value.key, type_=sa.Numeric)
    return sa.cast(rounded(amount * sa.literal_column("100")), sa.BigInteger)


def _alone(value: object) -> object:
    """The one value of a list of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _is_unlike_others(filters: Mapping[str, object], scope: Mapping[str, object]) -> bool:
    """Whether a plan that is good for these values may be bad for others.

    From which value on, and for how many teams or kinds: between a few rows and nearly all.
    """
    several = any(isinstance(value, list) and value for value in (*filters.values(), *scope.values()))
    return several or any(name.endswith(_RANGES) for name in filters)
