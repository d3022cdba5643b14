"""Query strings, read strictly: what is no UTF-8, no percent-encoding or too long is refused before it is parsed."""

import re
from urllib.parse import unquote_to_bytes

from app.core.json_pointers import pointer_to
from app.core.problems import Invalid

_MOST_BYTES = 16 * 1024
_NOT_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def check(query: bytes) -> None:
    """Raise `Invalid` that names the parameter, and never its value, for a query that cannot be read faithfully."""
    if len(query) > _MOST_BYTES:
        raise Invalid.at("/query", "too_long", f"A query has at most {_MOST_BYTES} bytes.")
    if b"%" not in query and query.isascii():
        return
    for parameter in query.split(b"&"):
        name, _, value = parameter.replace(b"+", b" ").partition(b"=")
        place = pointer_to(["query", name.decode("ascii", "replace")])
        if _NOT_ENCODED.search(parameter) or not parameter.isascii():
            raise Invalid.at(place, "not_encoded", "Encode it as UTF-8, then each other byte as % and two digits.")
        _check_text(unquote_to_bytes(name) + b"=" + unquote_to_bytes(value), place)


def _check_text(text: bytes, place: str) -> None:
    if b"\0" in text:
        raise Invalid.at(place, "nul", "A text contains the character NUL.")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid.at(place, "not_utf_8", "Encode it as UTF-8, without lone surrogates.") from None
