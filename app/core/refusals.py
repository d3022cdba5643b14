"""What the framework and the database refuse, told as problems."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from app.core.json_pointers import pointer_to
from app.core.problems import AlreadyExists, FieldError, Invalid, Problem, StillReferenced

REFUSALS = (Problem, asyncpg.IntegrityConstraintViolationError, asyncpg.DataError)
"""What a record that is written may be refused with, for a reason that lies in the record."""

_CONSTRAINT = re.compile(r"^(?P<kind>fk|uq|ck)_(?P<table>.+?)__(?P<column>.+)$")


def problem_of(error: Exception) -> Problem | None:
    """The problem that a refusal tells of; nothing for what is no refusal of a record."""
    match error:
        case Problem():
            return error
        case asyncpg.DataError():
            return Invalid("A value is outside the range that can be stored.")
        case asyncpg.IntegrityConstraintViolationError():
            return _broken(error)
        case _:
            return None


def taken(column: str) -> AlreadyExists:
    """The refusal of a value that another record has."""
    return AlreadyExists(errors=_at(column, "not_unique", "Another record has this value."))


def places_of(errors: Iterable[Mapping[str, Any]]) -> list[FieldError]:
    """The places that pydantic found wrong, without the body's own prefix."""
    return [FieldError(pointer=_pointer(each["loc"]), code=each["type"], detail=each["msg"]) for each in errors]


def _pointer(location: Sequence[str | int]) -> str:
    if location[:1] in {("header",), ("path",)}:
        return f"/{location[0]}/{location[1]}"  # declared ones: others are no error
    return pointer_to(location[1:] if location[:1] == ("body",) else location)


def _broken(error: asyncpg.IntegrityConstraintViolationError) -> Problem | None:
    named = _CONSTRAINT.match(error.constraint_name or "")
    column = named["column"] if named else ""
    match error:
        case asyncpg.UniqueViolationError():
            return taken(column)
        case asyncpg.ForeignKeyViolationError() if "still referenced" in (error.detail or ""):
            return StillReferenced()
        case asyncpg.ForeignKeyViolationError():
            return Invalid(errors=_at(column, "unknown_reference", "There is no such record."))
        case asyncpg.CheckViolationError() if not error.constraint_name:  # no partition takes the row
            return None
        case asyncpg.CheckViolationError() | asyncpg.NotNullViolationError():
            return Invalid(errors=_at(column, "not_allowed", "This value breaks a rule of the record."))
        case _:
            return None


def _at(column: str, code: str, detail: str) -> list[FieldError]:
    return [FieldError(pointer=f"/{column}" if column else "", code=code, detail=detail)]
