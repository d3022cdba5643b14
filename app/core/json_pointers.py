"""JSON pointers (RFC 6901) to places in a request that repeat nothing of it: they hold the service's own words only."""

import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pydantic import BaseModel

_OURS = __name__.partition(".")[0]
_SECTIONS = frozenset({"query", "path", "header"})


def pointer_to(parts: Iterable[str | int]) -> str:
    """The pointer to a place; it ends above the first key that is the name of no field: that is input."""
    known = _known_words(len(sys.modules))
    pointer = ""
    for part in parts:
        if isinstance(part, str) and part not in known:
            break
        pointer += f"/{part}"
    return pointer


@lru_cache(maxsize=1)
def _known_words(_imported_modules: int) -> frozenset[str]:
    """The names of all fields that the service takes or gives, gathered anew when there may be more of them."""
    return _SECTIONS.union(*(model.model_fields for model in _models(BaseModel)))


def _models(parent: type[BaseModel]) -> Iterator[type[BaseModel]]:
    for model in parent.__subclasses__():
        if model.__module__.partition(".")[0] == _OURS:
            yield model
        yield from _models(model)
