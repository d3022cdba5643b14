"""What of a changed JSON schema breaks those who send values of it, or those who get them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

Json = dict[str, Any]

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_ANYTHING = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})


class Way(Enum):
    """Which way values go: a client sends them, or gets them."""

    SENT = "request"
    GOT = "response"


@dataclass
class SchemaComparison:
    """Compares schemas of an old document with those of a new one; each pair of names is looked at once."""

    old: Json
    new: Json
    way: Way
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def changes(self, old: Json, new: Json, place: str) -> Iterator[str]:
        """Each breaking change, as `place: what`."""
        names = old.get("$ref", ""), new.get("$ref", "")
        if all(names):
            if names in self._seen:
                return
            self._seen.add(names)
        old, new = resolved(self.old, old), resolved(self.new, new)
        if variants(old) or variants(new):
            yield from self._variants(old, new, place)
            return
        yield from self._types(old, new, place)
        yield from self._limits(old, new, place)
        yield from self._fields(old, new, place)
        if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
            yield from self.changes(old["items"], new["items"], f"{place}[]")

    def _variants(self, old: Json, new: Json, place: str) -> Iterator[str]:
        before = {self._name(self.old, each): each for each in variants(old) or [old]}
        after = {self._name(self.new, each): each for each in variants(new) or [new]}
        lost, added = before.keys() - after.keys(), after.keys() - before.keys()
        for name in sorted(lost if self.way is Way.SENT else added):
            yield f"{place}: {name} is {'no longer taken' if self.way is Way.SENT else 'new'}"
        for name in sorted(before.keys() & after.keys()):
            yield from self.changes(before[name], after[name], place)

    def _name(self, document: Json, schema: Json) -> str:
        found = resolved(document, schema)
        return str(schema.get("$ref", "").rpartition("/")[2] or found.get("const") or "|".join(sorted(types(found))))

    def _types(self, old: Json, new: Json, place: str) -> Iterator[str]:
        before, after = types(old), types(new)
        wrong = before - after if self.way is Way.SENT else after - before
        if wrong - ({"integer"} if "number" in (after if self.way is Way.SENT else before) else set()):
            yield f"{place}: type {'|'.join(sorted(before))} became {'|'.join(sorted(after))}"
        if old.get("format") != new.get("format") and (new.get("format") or self.way is Way.GOT):
            yield f"{place}: format {old.get('format')} became {new.get('format')}"

    def _limits(self, old: Json, new: Json, place: str) -> Iterator[str]:
        if self.way is Way.GOT:  # enums say in the document that values may be added
            return
        for name in _LOWER_BOUNDS:
            if name in new and (name not in old or new[name] > old[name]):
                yield f"{place}: {name} {old.get(name)} became {new[name]}"
        for name in _UPPER_BOUNDS:
            if name in new and (name not in old or new[name] < old[name]):
                yield f"{place}: {name} {old.get(name)} became {new[name]}"
        if "pattern" in new and new["pattern"] != old.get("pattern"):
            yield f"{place}: pattern {old.get('pattern')} became {new['pattern']}"
        for value in sorted(map(str, _values(old) - _values(new))) if _values(new) else ():
            yield f"{place}: {value} is no longer taken"
        if _values(new) and not _values(old):
            yield f"{place}: only certain values are taken"

    def _fields(self, old: Json, new: Json, place: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        demanded, were_demanded = set(new.get("required", ())), set(old.get("required", ()))
        if self.way is Way.SENT:
            for name in sorted(demanded - were_demanded):
                yield f"{place}.{name}: is required now"
            for name in sorted(before.keys() - after.keys()):
                yield f"{place}.{name}: is no longer taken"
        else:
            for name in sorted(before.keys() - after.keys()):
                yield f"{place}.{name}: is no longer there"
            for name in sorted(were_demanded - demanded & after.keys()):
                yield f"{place}.{name}: is not always there any more"
        for name in sorted(before.keys() & after.keys()):
            yield from self.changes(before[name], after[name], f"{place}.{name}")


def resolved(document: Json, part: Json) -> Json:
    """The part that a reference names, or the part itself."""
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def variants(schema: Json) -> list[Json]:
    """The schemas of which a value follows one."""
    return [*schema.get("anyOf", ()), *schema.get("oneOf", ())]


def types(schema: Json) -> frozenset[str]:
    """The JSON types of a schema's values."""
    named = schema.get("type", _ANYTHING)
    return frozenset({named} if isinstance(named, str) else named)


def _values(schema: Json) -> frozenset[Any]:
    return frozenset([schema["const"]] if "const" in schema else schema.get("enum", ()))
