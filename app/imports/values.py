"""Cells become values, strictly: what a field takes, and why a cell was refused.

A reason says what is wrong without repeating whole cells: they may be long, or somebody's personal data.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from pydantic import TypeAdapter, ValidationError

from app.core.fields import Currency, Email
from app.core.schema import Money

_MONEY = re.compile(r"\d{1,16}(\.\d+)?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,18}", re.ASCII)
_CENT = Decimal("0.01")
_MOST_MONEY = Decimal(10) ** 16
_MOST_SHOWN = 60


class BadValue(ValueError):
    """A cell is not what its field takes; the message completes the sentence "the field …"."""


class Format(NamedTuple):
    """How a file writes dates and amounts."""

    date_format: str
    decimal_separator: str


Parse = Callable[[str, Format], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """What a mapping may fill: how it is read, how it is staged, and whether a row must have it."""

    parse: Parse
    sql_type: sa.types.TypeEngine[Any]
    is_required: bool = False


def text(most: int = 200, *, required: bool = False) -> Field:
    """Words of at most `most` characters."""

    def parse(value: str, _: Format) -> str:
        if len(value) > most:
            raise BadValue(f"has {len(value):,} characters; {most:,} are the most")
        return value

    return Field(parse, sa.Text(), required)


def one_of(words: Collection[str], *, required: bool = False) -> Field:
    """One of the given words."""

    def parse(value: str, _: Format) -> str:
        if value not in words:
            raise BadValue(f"is {shown(value)}, which is none of: {', '.join(words)}")
        return value

    return Field(parse, sa.Text(), required)


def whole_number(least: int, most: int, sql_type: sa.types.TypeEngine[Any]) -> Field:
    """A whole number within bounds."""

    def parse(value: str, _: Format) -> int:
        if not _INTEGER.fullmatch(value):
            raise BadValue(f"is {shown(value)}, which is not a whole number")
        if not least <= int(value) <= most:
            raise BadValue(f"is {shown(value)}, which is not between {least:,} and {most:,}")
        return int(value)

    return Field(parse, sql_type)


def money(*, required: bool = False) -> Field:
    """An amount of money without sign, thousands separators or currency."""

    def parse(value: str, form: Format) -> Decimal:
        plain = value.replace(form.decimal_separator, ".") if "." not in value or form.decimal_separator == "." else ""
        if not _MONEY.fullmatch(plain):
            raise BadValue(f"is {shown(value)}, which is not an amount such as 1234{form.decimal_separator}50")
        return Decimal(plain)

    return Field(parse, Money, required)


def stored_money(amount: Decimal) -> Decimal:
    """The amount as it is stored; raises `BadValue` when it has too many digits on either side."""
    if amount >= _MOST_MONEY:
        raise BadValue("is too large")
    cents = amount.quantize(_CENT)
    if cents != amount:
        raise BadValue("has more than two decimals")
    return cents


def day() -> Field:
    """A date in the file's format."""
    return Field(lambda value, form: _day(value, form.date_format), sa.Date())


def currency(*, required: bool = False) -> Field:
    """An ISO 4217 code."""
    return Field(_checked_by(TypeAdapter(Currency), "an ISO 4217 currency code"), sa.CHAR(3), required)


def email() -> Field:
    """An e-mail address."""
    return Field(_checked_by(TypeAdapter(Email), "an e-mail address"), sa.Text())


def shown(value: str) -> str:
    """A cell in a message: quoted, and cut when it is long."""
    return repr(value if len(value) <= _MOST_SHOWN else value[:_MOST_SHOWN] + "…")


def _checked_by(adapter: TypeAdapter[str], what: str) -> Parse:
    @lru_cache(maxsize=1_000)
    def check(value: str) -> str:
        try:
            return adapter.validate_python(value)
        except ValidationError:
            raise BadValue(f"is {shown(value)}, which is not {what}") from None

    return lambda value, _: check(value)


@lru_cache(maxsize=20_000)
def _day(value: str, date_format: str) -> date:
    try:
        return datetime.strptime(value, date_format).date()  # noqa: DTZ007 # a date has no zone
    except ValueError:
        raise BadValue(f"is {shown(value)}, which is not a date written as {date_format}") from None
