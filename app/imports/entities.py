"""What can be imported: the fields of each entity, what it is known by, and what it refers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as data_field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.accounts.tables import accounts
from app.core.schema import TimestampTz
from app.imports.values import Field, currency, day, email, money, one_of, text, whole_number
from app.opportunities.tables import opportunities
from app.people.permissions import Position
from app.people.tables import teams, users
from app.products.tables import products
from app.workflow.decision import LossReason

SmallInteger, Integer = sa.SmallInteger(), sa.Integer()
_MOST_INTEGER = 2_147_483_647


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names another record by its `key`.

    Its id is written to `column` (without one it is only checked); `carries` are further columns taken from it.
    """

    field: str
    column: str | None
    table: sa.Table
    key: str = "external_id"
    carries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entity:
    """Rows are staged in `staged`; those of its columns that `table` has as well are written as they are.

    With `has_events` each record is a subject, which later writes lock and whose events they number. `unique` are
    fields besides the key that no two records may share, with whether their case matters.
    """

    name: str
    noun: str
    table: sa.Table
    key: str
    fields: Mapping[str, Field]
    references: tuple[Reference, ...] = ()
    has_parent: bool = False
    has_events: bool = False
    unique: Mapping[str, bool] = data_field(default_factory=dict)
    derived: tuple[sa.Column[Any], ...] = ()
    staged: sa.Table = data_field(init=False)

    def __post_init__(self) -> None:
        columns: list[sa.Column[Any]] = [
            sa.Column("seq", sa.BigInteger),
            sa.Column("file", sa.Text),
            sa.Column("line", sa.Integer),
            sa.Column("id", sa.Uuid),
            *(sa.Column(name, field.sql_type) for name, field in self.fields.items()),
            *self.derived,
        ]
        staged = sa.Table(
            f"staged_{self.name}",
            sa.MetaData(),  # of its own: no migration knows it
            *columns,
            prefixes=["TEMPORARY"],
            postgresql_on_commit="DROP",
        )
        object.__setattr__(self, "staged", staged)


_OWNER = Reference("owner", "owner_id", users, carries=("team_id",))

TEAMS = Entity(
    "teams",
    "team",
    teams,
    "name",
    {"name": text(required=True), "parent": text(), "manager": text()},
    has_parent=True,
)

USERS = Entity(
    "users",
    "user",
    users,
    "external_id",
    {
        "external_id": text(required=True),
        "name": text(required=True),
        "email": email(),
        "position": one_of(list(Position), required=True),
        "team": text(),
    },
    references=(Reference("team", "team_id", teams, key="name"),),
    unique={"email": False},
)

PRODUCTS = Entity(
    "products",
    "product",
    products,
    "external_id",
    {
        "external_id": text(required=True),
        "name": text(required=True),
        "series": text(),
        "unit_price": money(required=True),
        "currency": currency(required=True),
    },
    unique={"name": True},
)

ACCOUNTS = Entity(
    "accounts",
    "account",
    accounts,
    "external_id",
    {
        "external_id": text(required=True),
        "name": text(required=True),
        "industry": text(),
        "website": text(),
        "country": text(),
        "founded_year": whole_number(1, 9999, SmallInteger),
        "employee_count": whole_number(0, _MOST_INTEGER, Integer),
        "annual_revenue": money(),
        "annual_revenue_currency": currency(),
        "parent": text(),
        "owner": text(),
    },
    references=(_OWNER,),
    has_parent=True,
    has_events=True,
)

OPPORTUNITIES = Entity(
    "opportunities",
    "opportunity",
    opportunities,
    "external_id",
    {
        "external_id": text(required=True),
        "name": text(required=True),
        "account": text(),
        "owner": text(),
        "product": text(),
        "amount": money(),
        "currency": currency(required=True),
        "close_on": day(),
        "stage": text(required=True),
        "outcome": one_of(["open", "won", "lost"], required=True),
        "opened_on": day(),
        "closed_on": day(),
        "loss_reason": one_of(list(LossReason)),
        "loss_note": text(10_000),
    },
    references=(
        Reference("account", "account_id", accounts),
        _OWNER,
        Reference("product", None, products),
    ),
    has_events=True,
    derived=(
        sa.Column("pipeline_id", sa.Uuid),
        sa.Column("pipeline_version", sa.Integer),
        sa.Column("step", sa.Text),
        sa.Column("left_stage", sa.Text),
        sa.Column("probability", sa.SmallInteger),
        sa.Column("forecast_category", sa.Text),
        sa.Column("stage_entered_at", TimestampTz),
        sa.Column("opened_at", TimestampTz),
        sa.Column("closed_at", TimestampTz),
        sa.Column("completed_at", TimestampTz),
        sa.Column("line_item_id", sa.Uuid),
        sa.Column("move_ids", ARRAY(sa.Uuid)),
        sa.Column("move_from", ARRAY(sa.Text)),
        sa.Column("move_to", ARRAY(sa.Text)),
        sa.Column("move_steps", ARRAY(sa.Text)),
        sa.Column("move_kinds", ARRAY(sa.Text)),
        sa.Column("moved_at", ARRAY(TimestampTz)),
        sa.Column("move_seconds", ARRAY(sa.BigInteger)),
    ),
)

# in the order they are written: each refers to those before it only
ENTITIES = (TEAMS, USERS, PRODUCTS, ACCOUNTS, OPPORTUNITIES)
