"""How every table is described: names of constraints, the organization in every key, the usual columns."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s__%(column_0_N_name)s",
        "uq": "uq_%(table_name)s__%(column_0_N_name)s",
        "ck": "ck_%(table_name)s__%(constraint_name)s",
        "fk": "fk_%(table_name)s__%(column_0_N_name)s",
    }
)

TimestampTz = sa.DateTime(timezone=True)
Money = sa.Numeric(18, 2)


class Xid8(UserDefinedType[int]):
    """A 64-bit transaction id; never wraps around."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "xid8"


ischema_names["xid8"] = Xid8  # so that a database can be compared with these tables


def organization_table(name: str, *items: sa.schema.SchemaItem, **options: Any) -> sa.Table:
    """A table of one organization's records: key `(organization_id, id)`, version, times."""
    return sa.Table(
        name,
        metadata,
        sa.Column("organization_id", sa.Uuid, sa.ForeignKey("organizations.id", name=f"fk_{name}__organization_id")),
        sa.Column("id", sa.Uuid),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("created_at", TimestampTz, nullable=False, server_default=sa.func.now()),
        sa.Column("updated_at", TimestampTz, nullable=False, server_default=sa.func.now()),
        *items,
        sa.PrimaryKeyConstraint("organization_id", "id", name=f"pk_{name}"),
        **options,
    )


def email_key() -> sa.Column[str]:
    """The e-mail as it is compared, in lower case.

    A column, because an index on `lower(email)` is of no use under row-level security: Postgres lets no function that
    might tell what it sees (`lower` is not marked leakproof) look at rows before the policy has.
    """
    return sa.Column("email_key", sa.Text, sa.Computed("lower(email)", persisted=True))


def money_key(column: str) -> sa.Column[int]:
    """The amount as it is sorted and compared, in hundredths; one that is not known comes before all others.

    A column, because comparing `numeric` is not marked leakproof either: see `email_key`.
    """
    key = f"coalesce(({column} * 100)::bigint, -1::bigint)"
    return sa.Column(f"{column}_key", sa.BigInteger, sa.Computed(key, persisted=True), nullable=False)


def sorted_by(table: str, *columns: str) -> list[sa.Index]:
    """Indexes that hold an organization's records in the order of each of the columns, for the sorts of a list."""
    return [sa.Index(f"ix_{table}__{column}", "organization_id", column, "id") for column in columns]


def found_by(table: str, *columns: str) -> list[sa.Index]:
    """Indexes that hold the records with a value of each of the columns, newest or oldest first, for its filters."""
    return [sa.Index(f"ix_{table}__{column}", "organization_id", column, "created_at", "id") for column in columns]


def ranged_by(table: str, *columns: str) -> list[sa.Index]:
    """Indexes that hold the records that have a value in each of the columns, for filters on its range."""
    return [
        sa.Index(f"ix_{table}__{column}", "organization_id", column, postgresql_where=sa.text(f"{column} IS NOT NULL"))
        for column in columns
    ]


def reference(table: str, column: str, target: str, **options: Any) -> sa.ForeignKeyConstraint:
    """A foreign key within one organization, named after the column so that an error can point at it."""
    return sa.ForeignKeyConstraint(
        ["organization_id", column],
        [f"{target}.organization_id", f"{target}.id"],
        name=f"fk_{table}__{column}",
        **options,
    )


def one_of(column: str, values: list[str]) -> sa.CheckConstraint:
    """Text that may only be one of the values; named after the column."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def is_one_of(column: sa.ColumnElement[Any], values: Sequence[str]) -> sa.ColumnElement[bool]:
    """`column = ANY (…)` with fixed values: one parameter, so that the statement is compiled once."""
    return column == sa.any_(sa.literal(list(values), sa.ARRAY(sa.Text)))
