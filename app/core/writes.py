"""The statements that every resource has: insert, find, change with the next version, delete."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from app.core.database import Statement

_BY_DATABASE = {"version", "created_at", "updated_at"}


def insert_row(table: sa.Table, *, without: frozenset[str] = frozenset()) -> Statement:
    """INSERT of all columns that the database does not fill itself, giving the row."""
    return Statement(inserting(table, without=without))


def inserting(table: sa.Table, *, without: frozenset[str] = frozenset()) -> ReturningInsert[Any]:
    """What `insert_row` compiles, for statements that write more than the row."""
    columns = [
        column.name for column in table.c if column.computed is None and column.name not in _BY_DATABASE | without
    ]
    return insert(table).values({name: bindparam(name) for name in columns}).returning(table)


def find_row(table: sa.Table) -> Statement:
    """One row by `organization_id` and `id`."""
    return Statement(sa.select(table).where(*_key(table)))


def find_row_of(table: sa.Table) -> Statement:
    """One row by `organization_id` and the `external_id` that another system knows it by."""
    return Statement(
        sa.select(table).where(
            table.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
            table.c.external_id == bindparam("external_id", type_=sa.Text),
        )
    )


def find_ids_of(table: sa.Table) -> Statement:
    """The ids of those rows that have one of the `external_ids`."""
    return Statement(
        sa.select(table.c.id).where(
            table.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
            table.c.external_id == sa.any_(bindparam("external_ids", type_=sa.ARRAY(sa.Text))),
        )
    )


def delete_row(table: sa.Table) -> Statement:
    """DELETE of one row by `organization_id` and `id`, giving its id."""
    return Statement(sa.delete(table).where(*_key(table)).returning(table.c.id))


class Update:
    """UPDATE of the columns that are given, with the next version; compiled once per set of columns."""

    def __init__(self, table: sa.Table) -> None:
        self._table = table
        self._compiled: dict[tuple[str, ...], Statement] = {}

    def of(self, changes: dict[str, Any]) -> Statement:
        """The statement for these columns; parameters are their values, `organization_id` and `id`."""
        names = tuple(sorted(changes))
        statement = self._compiled.get(names)
        if statement is None:
            statement = self._compiled[names] = self._compile(names)
        return statement

    def _compile(self, names: tuple[str, ...]) -> Statement:
        table = self._table
        values: dict[str, Any] = {name: bindparam(name) for name in names}
        values |= {"version": table.c.version + 1, "updated_at": sa.func.now()}
        return Statement(sa.update(table).where(*_key(table)).values(values).returning(table))


def _key(table: sa.Table) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.organization_id == bindparam("organization_id", type_=sa.Uuid),
        table.c.id == bindparam("id", type_=sa.Uuid),
    )
