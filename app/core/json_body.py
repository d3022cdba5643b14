"""Request bodies, read strictly: what JSON parsers let pass and databases choke on is refused by name.

NaN and Infinity, NUL, lone surrogates, duplicate keys, depth over 32 and integers over 19 digits
(RFC 8259 §4, §6, §8.2).
"""

import json
from typing import Any

from app.core.problems import BadRequest

_MAX_DEPTH = 32
_MAX_DIGITS = 19


def parse(body: bytes) -> Any:
    """The value of a JSON text; raises `BadRequest` that says what is wrong and never repeats the input."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse_constant,
            parse_int=_integer,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise BadRequest("The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"The body is not valid JSON (line {error.lineno}, column {error.colno}).") from None
    except RecursionError:
        raise BadRequest("The body is nested too deeply.") from None
    _check(value, 1)
    return value


def _refuse_constant(_name: str) -> None:
    raise BadRequest("NaN and Infinity are not JSON numbers.")


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_DIGITS:
        raise BadRequest(f"An integer has more than {_MAX_DIGITS} digits.")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadRequest("An object names the same key twice.")
    return found


def _check(value: object, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise BadRequest("The body is nested too deeply.")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, each in value.items():
            _check_text(key)
            _check(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            _check(each, depth + 1)


def _check_text(text: str) -> None:
    if "\0" in text:
        raise BadRequest("A text contains the character NUL.")
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise BadRequest("A text contains a lone surrogate.")
