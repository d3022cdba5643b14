"""JSON pointers (RFC 6901) to places in a request, without repeating what is no field's name."""

import re
from collections.abc import Iterable

_FIELD = re.compile(r"[a-z][a-z0-9_]{0,63}")


def pointer_to(parts: Iterable[str | int]) -> str:
    """The pointer to a place; it ends above the first key that does not look like a field: that is input."""
    pointer = ""
    for part in parts:
        if isinstance(part, str) and not _FIELD.fullmatch(part):
            break
        pointer += f"/{part}"
    return pointer
