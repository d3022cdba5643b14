"""A record's cells become the values of an entity's fields, as the mapping says."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.schema import Money
from app.imports.mapping import OpportunitySource, Rule, Source
from app.imports.values import BadValue, Field, Format, day, shown, stored_money

_IN_BRACES = re.compile(r"\{([^{}]*)\}")

Values = dict[str, Any]
Pick = Callable[[list[str]], str]


class BadRow(ValueError):
    """A row is refused; the message says which field and why."""


class MissingColumns(LookupError):
    """The mapping names columns that the file has not."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(", ".join(missing))


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    field: Field
    rule: Rule
    pick: Pick
    form: Format

    def value(self, cells: list[str]) -> Any:
        picked = self.pick(cells)
        raw = self.rule.map.get(picked, picked) or self.rule.default
        if not raw:
            if self.rule.required or self.field.is_required:
                raise BadRow(f"{self.name} is missing")
            return None
        try:
            value = self.field.parse(raw, self.form)
            return self._stored(value) if self.field.sql_type is Money else value
        except BadValue as error:
            origin = "" if self.rule.column in {None, self.name} else f" (column {shown(str(self.rule.column))})"
            raise BadRow(f"{self.name}{origin} {error}") from None

    def _stored(self, amount: Any) -> Any:
        return stored_money(amount * self.rule.times if self.rule.times else amount)


class RowPlan:
    """How the rows of one file are read; raises `MissingColumns` when its header lacks what the mapping names."""

    def __init__(self, source: Source, header: list[str]) -> None:
        index = {name: position for position, name in enumerate(header)}
        rules = [(name, source.entity.fields[name], rule) for name, rule in source.columns.items()]
        if isinstance(source, OpportunitySource):
            rules += [(history_field(number), day(), entry.on) for number, entry in enumerate(source.history)]
        wanted = {name for _, _, rule in rules for name in columns_of(rule)}
        if missing := sorted(wanted - index.keys()):
            raise MissingColumns(missing)
        self._steps = [_Step(name, field, rule, _pick(rule, index), source.format) for name, field, rule in rules]
        self._empty = dict.fromkeys(source.entity.fields)
        self._constants = [
            _Step(name, source.entity.fields[name], Rule(column=name, default=text), lambda _: "", source.format)
            for name, text in source.constants.items()
        ]

    def constants(self) -> Values:
        """The values that are the same in every row; raises `BadRow`."""
        return self._empty | {step.name: step.value([]) for step in self._constants}

    def read(self, constants: Values, cells: list[str]) -> Values:
        """The values of one row; raises `BadRow`."""
        values = constants.copy()
        for step in self._steps:
            values[step.name] = step.value(cells)
        return values


def history_field(number: int) -> str:
    """What the date of a history entry is called among a row's values."""
    return f"history {number + 1}"


def columns_of(rule: Rule) -> list[str]:
    """The columns that a rule looks at."""
    return [rule.column] if rule.column is not None else _IN_BRACES.findall(rule.template or "")


def _pick(rule: Rule, index: dict[str, int]) -> Pick:
    if rule.column is not None:
        position = index[rule.column]
        return lambda cells: cells[position].strip()
    template = rule.template or ""

    def fill(cells: list[str]) -> str:
        parts = {name: cells[index[name]].strip() for name in columns_of(rule)}
        return _IN_BRACES.sub(lambda match: parts[match[1]], template) if all(parts.values()) else ""

    return fill
