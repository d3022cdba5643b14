"""A database that has grown: tables filled by SQL, from nothing but what the code says of their columns."""

from collections.abc import Mapping

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB

from app.core.schema import Xid8, metadata

SMALL_ORGANIZATIONS = 10
_VALUES = {"owner_id": 200, "user_id": 200, "team_id": 20}  # how many there are; of what else is referred to:
_SUBJECTS = 10_000
_KINDS = 7  # of texts that are not each row's own
_SPREAD = "(n::bigint * 7919 % 1000003)"  # what one column has in order the next has not
_OWN_TEXTS = {"name", "url", "email", "external_id", "request_id", "record_id"}

_OTHERS: dict[type, str] = {
    sa.DateTime: f"now() - make_interval(secs => {_SPREAD})",
    sa.Date: f"current_date - ({_SPREAD} % 3650)::integer",
    sa.Boolean: "n % 2 = 0",
    sa.Integer: f"{_SPREAD} % 1000",
    sa.Numeric: f"{_SPREAD} % 1000",
    sa.CHAR: "'USD'",
    sa.LargeBinary: "''",
    ARRAY: "'{}'",
    JSONB: "'{}'",
    INET: "'192.0.2.1'",
    Xid8: "n::text::xid8",
}

_DROP_CHECKS = """
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
    WHERE contype = 'c' AND conrelid <> 0 AND conislocal
"""


async def fill(owner: asyncpg.Connection, sizes: Mapping[str, int]) -> None:
    """Fill tables with so many rows of organization 1, and a hundredth of them for each of some small ones.

    No rule of a row is kept; it refers to rows that are there.
    """
    await owner.execute("SET session_replication_role = replica")
    for row in await owner.fetch(_DROP_CHECKS):
        await owner.execute(row[0])
    for name, size in sizes.items():
        await owner.execute(_fill(metadata.tables[name], size))
    await owner.execute(f"VACUUM ANALYZE {', '.join(sizes)}")


def own_id(number: str) -> str:
    """SQL of the id of an organization's row of this number: made this month, as partitions want it."""
    month = "left(first_id_of(date_trunc('month', now(), 'UTC'))::text, 14)"
    rest = f"'7000-8' || lpad(to_hex(organization), 3, '0') || '-' || lpad(to_hex({number}), 12, '0')"
    return f"({month} || {rest})::uuid"


def _fill(table: sa.Table, size: int) -> str:
    unique = _unique_columns(table)
    values = {each.name: _value(each, is_own=each.name in unique) for each in table.c if each.computed is None}
    values["organization_id"] = "lpad(to_hex(organization), 32, '0')::uuid"
    return f"""
        INSERT INTO {table.name} ({", ".join(values)}) SELECT {", ".join(values.values())}
        FROM generate_series(1, {1 + SMALL_ORGANIZATIONS}) organization,
            generate_series(1, CASE organization WHEN 1 THEN {size} ELSE {size} / 100 END) n
    """  # noqa: S608 # what the code describes


def _unique_columns(table: sa.Table) -> set[str]:
    """The columns that tell two rows of an organization apart: the last one of each unique key."""
    keys = [each for each in table.constraints if isinstance(each, sa.UniqueConstraint | sa.PrimaryKeyConstraint)]
    indexes = [each for each in table.indexes if each.unique]
    return {[*each.columns][-1].name for each in (*keys, *indexes)}


def _value(column: sa.Column[object], *, is_own: bool) -> str:
    """What stands in a column of the row `n`."""
    if isinstance(column.type, sa.Uuid):
        return _id(column.name, is_own=is_own or column.name in {"id", "event_id"})
    if isinstance(column.type, sa.Text):
        return "'value ' || " + ("organization || ' ' || n" if is_own or column.name in _OWN_TEXTS else f"n % {_KINDS}")
    if isinstance(column.type, sa.Integer) and is_own:
        return "n"
    if column.name == "created_at":
        return "now() - make_interval(secs => n)"
    return next(value for kind, value in _OTHERS.items() if isinstance(column.type, kind))


def _id(name: str, *, is_own: bool) -> str:
    if name in _VALUES:
        return f"lpad(to_hex(n % {_VALUES[name]}), 32, '0')::uuid"
    return own_id("n" if is_own else f"1 + n % {_SUBJECTS}")
