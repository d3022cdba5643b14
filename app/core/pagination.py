"""Lists: keyset pages with typed filters, sorted by any offered key, stable while rows change.

The cursor holds the place of the last row and a fingerprint of the query; a cursor of another query is refused.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.sql.elements import ColumnElement

from app.core.database import Row, Statement, Transaction
from app.core.problems import Invalid

Filter = Callable[[sa.BindParameter[Any]], ColumnElement[bool]]


class PageQuery(BaseModel):
    """The query parameters of every list; a list's own filters are further fields."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, Field(ge=1, le=200, description="Items per page.")] = 50
    cursor: Annotated[str | None, Field(max_length=1_000, description="`next_cursor` of the page before.")] = None
    sort: Annotated[str, Field(max_length=50, description="A sort key; a leading `-` turns it around.")] = "-created_at"

    def filters(self) -> dict[str, Any]:
        """The filters that were given, by name."""
        given = self.model_dump(exclude={"limit", "cursor", "sort"}, exclude_none=True)
        return {name: value for name, value in given.items() if value != []}


@dataclass(frozen=True)
class Page:
    """Rows in order, and where to go on."""

    rows: list[Row]
    next_cursor: str | None


@dataclass(frozen=True)
class Listing:
    """What a list offers: a base select bound to one organization, sort keys that are never null, and filters.

    `base` selects from the table that `id_column` belongs to. The statement of each shape is compiled once.
    """

    base: sa.Select[Any]
    id_column: ColumnElement[Any]
    sorts: Mapping[str, ColumnElement[Any]]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    _compiled: dict[tuple[Any, ...], Statement] = field(default_factory=dict, repr=False)

    async def page(self, tx: Transaction, query: PageQuery, **scope: object) -> Page:
        """One page; `scope` are the parameters of the base select. Raises `Invalid` for a bad sort key or cursor."""
        key, descending = self._sort(query.sort)
        filters = query.filters()
        after = _read_cursor(query, filters, self.sorts[key], self.id_column) if query.cursor is not None else None
        shape = (key, descending, after is not None, *sorted(filters))
        statement = self._compiled.get(shape)
        if statement is None:
            statement = self._compiled[shape] = self._compile(key, filters.keys(), descending=descending, after=after)
        parameters: dict[str, object] = {f"filter_{name}": value for name, value in filters.items()} | scope
        if after is not None:
            parameters |= {"after_value": after[0], "after_id": after[1]}
        rows = await tx.fetch_all(statement, page_limit=query.limit + 1, **parameters)
        if len(rows) <= query.limit:
            return Page(rows, None)
        rows = rows[: query.limit]
        return Page(rows, _cursor(query, filters, rows[-1]))

    def _sort(self, sort: str) -> tuple[str, bool]:
        key = sort.removeprefix("-")
        if key not in self.sorts:
            raise Invalid.at("/query/sort", "unknown_sort", f"Sort by one of: {', '.join(sorted(self.sorts))}.")
        return key, sort.startswith("-")

    def _compile(self, key: str, filters: Any, *, descending: bool, after: object) -> Statement:
        column = self.sorts[key]
        statement = self.base.add_columns(column.label("_sort_value"), self.id_column.label("_sort_id"))
        for name in filters:
            statement = statement.where(self.filters[name](sa.bindparam(f"filter_{name}")))
        if after is not None:
            place = sa.tuple_(column, self.id_column)
            last = sa.tuple_(
                sa.bindparam("after_value", type_=column.type), sa.bindparam("after_id", type_=self.id_column.type)
            )
            statement = statement.where(place < last if descending else place > last)
        order = [column.desc(), self.id_column.desc()] if descending else [column.asc(), self.id_column.asc()]
        return Statement(statement.order_by(*order).limit(sa.bindparam("page_limit", type_=sa.Integer)))


def equals(column: ColumnElement[Any]) -> Filter:
    """The column has the value."""
    return lambda value: column == _typed(value, column)


def any_of(column: ColumnElement[Any]) -> Filter:
    """The column has one of the values (`stage=a&stage=b`)."""
    return lambda values: column == sa.any_(_typed(values, column, many=True))


def at_least(column: ColumnElement[Any]) -> Filter:
    """The column is the value or more."""
    return lambda value: column >= _typed(value, column)


def at_most(column: ColumnElement[Any]) -> Filter:
    """The column is the value or less."""
    return lambda value: column <= _typed(value, column)


def contains(*columns: ColumnElement[Any]) -> Filter:
    """One of the text columns contains the words, in any case; `%` and `_` mean themselves."""

    def clause(value: sa.BindParameter[Any]) -> ColumnElement[bool]:
        text = _typed(value, sa.literal_column("''", sa.Text))
        return sa.or_(*(sa.func.strpos(sa.func.lower(column), sa.func.lower(text)) > 0 for column in columns))

    return clause


def _typed(value: sa.BindParameter[Any], column: ColumnElement[Any], *, many: bool = False) -> sa.BindParameter[Any]:
    return sa.bindparam(value.key, type_=sa.ARRAY(column.type) if many else column.type)


def _fingerprint(query: PageQuery, filters: Mapping[str, Any]) -> str:
    text = json.dumps([query.sort, sorted(filters.items())], default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _cursor(query: PageQuery, filters: Mapping[str, Any], last: Row) -> str:
    value = last["_sort_value"]
    text = value.isoformat() if isinstance(value, date) else str(value)
    place = json.dumps([_fingerprint(query, filters), text, str(last["_sort_id"])])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _read_cursor(
    query: PageQuery, filters: Mapping[str, Any], column: ColumnElement[Any], id_column: ColumnElement[Any]
) -> tuple[object, object]:
    assert query.cursor is not None  # noqa: S101 # the caller looked
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        fingerprint, text, last_id = json.loads(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
        if fingerprint != _fingerprint(query, filters):
            raise Invalid.at("/query/cursor", "other_query", "This cursor belongs to another query.")
        return _PARSERS[column.type.python_type](text), _PARSERS[id_column.type.python_type](last_id)
    except (binascii.Error, ValueError, TypeError, AttributeError, InvalidOperation, RecursionError):
        raise Invalid.at("/query/cursor", "invalid_cursor", "This cursor was not made by this service.") from None


_PARSERS: dict[type, Callable[[str], object]] = {
    str: str,
    int: int,
    UUID: UUID,
    Decimal: Decimal,
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
}
