"""Request bodies, read strictly: what JSON parsers let pass and databases choke on is refused by name and place.

NaN and Infinity, numbers that become infinite, NUL, lone surrogates, duplicate keys, depth over 32 and integers over
19 digits (RFC 8259 §4, §6, §8.2).
"""

import json
import math
from dataclasses import dataclass
from typing import Any

from app.core.json_pointers import pointer_to
from app.core.problems import BadRequest, FieldError

_MAX_DEPTH = 32
_MAX_DIGITS = 19


@dataclass(frozen=True, slots=True)
class _Refused:
    """Stands for a value that is refused once its place is known: the parser does not tell it."""

    code: str
    detail: str


_NOT_FINITE = _Refused("not_finite", "NaN and Infinity are not JSON numbers, nor is a number that is too large.")
_TOO_LONG = _Refused("too_many_digits", f"An integer has more than {_MAX_DIGITS} digits.")
_DUPLICATE = _Refused("duplicate_key", "An object names the same key twice.")
_TOO_DEEP = _Refused("too_deep", f"The body is nested more than {_MAX_DEPTH} levels deep.")
_NUL = _Refused("nul", "A text contains the character NUL.")
_SURROGATE = _Refused("lone_surrogate", "A text contains a lone surrogate.")

_Place = tuple[str | int, ...]


def parse(body: bytes) -> Any:
    """The value of a JSON text; raises `BadRequest` that says what is wrong and where, and never repeats the input."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise _bad(_TOO_DEEP, ()) from None
    _check(value, ())
    return value


def _constant(_name: str) -> _Refused:
    return _NOT_FINITE


def _integer(digits: str) -> int | _Refused:
    return int(digits) if len(digits.lstrip("-")) <= _MAX_DIGITS else _TOO_LONG


def _float(digits: str) -> float | _Refused:
    return value if math.isfinite(value := float(digits)) else _NOT_FINITE


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Refused:
    found = dict(pairs)
    return found if len(found) == len(pairs) else _DUPLICATE


def _check(value: object, place: _Place) -> None:
    if len(place) >= _MAX_DEPTH:
        raise _bad(_TOO_DEEP, ())
    if isinstance(value, str):
        _check_text(value, place)
    elif isinstance(value, dict):
        for key, each in value.items():
            _check_text(key, place)
            _check(each, (*place, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            _check(each, (*place, index))
    elif isinstance(value, _Refused):
        raise _bad(value, place)


def _check_text(text: str, place: _Place) -> None:
    if "\0" in text:
        raise _bad(_NUL, place)
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise _bad(_SURROGATE, place)


def _bad(refused: _Refused, place: _Place) -> BadRequest:
    errors = [FieldError(pointer=pointer_to(place), code=refused.code, detail=refused.detail)]
    return BadRequest(refused.detail, errors=errors)
