"""A statement: described by SQLAlchemy, compiled once to what asyncpg executes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql.elements import ClauseElement

_DIALECT = asyncpg_dialect.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped

# The statement asks for the setting, behind a fence, so that it is made before any row is looked at. Were it not, the
# policies would let no row be seen.
_ALONE = """SELECT found.* FROM (
    SELECT set_config('app.organization_id', ${number}, true) AS organization_id OFFSET 0
) acting CROSS JOIN LATERAL (SELECT * FROM ({sql}) said WHERE acting.organization_id <> '' OFFSET 0) found"""


class Statement:
    """A SQLAlchemy clause compiled to SQL with `$1 …`, and the names of its parameters: those `required` have no value.

    `alone` is the text of a query that brings its organization along, as one parameter more.
    """

    __slots__ = ("_places", "_processors", "_values", "alone", "names", "required", "sql")

    def __init__(self, clause: ClauseElement) -> None:
        compiled = clause.compile(dialect=_DIALECT)
        self.sql = str(compiled)
        if "POSTCOMPILE" in self.sql:
            raise ValueError("`in_()` is expanded at each execution; say `is_one_of` (core/schema.py) instead")
        self.names: tuple[str, ...] = tuple(getattr(compiled, "positiontup", None) or ())
        self.alone = _ALONE.format(sql=self.sql, number=len(self.names) + 1)
        self._processors: dict[str, Callable[[Any], Any]] = dict(getattr(compiled, "_bind_processors", {}))
        binds = {name: bind for bind, name in getattr(compiled, "bind_names", {}).items()}
        self.required = frozenset(name for name in self.names if binds[name].required)
        self._places = {name: place for place, name in enumerate(self.names)}
        self._values = [self._rendered(name, compiled.params[name]) for name in self.names]

    @property
    def is_scoped(self) -> bool:
        """Whether it asks for one organization's rows."""
        return "organization_id" in self.required

    def arguments(self, parameters: dict[str, object]) -> list[object]:
        """The parameters in the order of the SQL text; raises `TypeError` for a missing or an unknown one."""
        if missing := self.required - parameters.keys():
            raise TypeError(f"missing parameters: {sorted(missing)}")
        if unknown := parameters.keys() - self._places.keys():
            raise TypeError(f"unknown parameters: {sorted(unknown)}")
        values = self._values.copy()
        for name, value in parameters.items():
            values[self._places[name]] = self._rendered(name, value)
        return values

    def _rendered(self, name: str, value: object) -> object:
        processor = self._processors.get(name)
        return processor(value) if processor is not None else value
