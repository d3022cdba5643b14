"""What of a changed OpenAPI document breaks its clients; webhooks are looked at from the receiver's side."""

from collections.abc import Iterator
from typing import Any

from tests.compatibility.schemas import Json, SchemaComparison, Way, resolved

_METHODS = ("get", "put", "post", "delete", "patch")
_NOISE = frozenset({"example", "examples", "description", "summary", "title", "tags", "x-shown-once"})


def breaking_changes(old: Json, new: Json) -> list[str]:
    """Each breaking change once, in words, by operation."""
    return sorted({change for section in ("paths", "webhooks") for change in _Section(old, new, section).changes()})


def form_of(document: Any, *, are_names: bool = False) -> Any:
    """The document without what people read, so that it can be kept beside the whole one."""
    if isinstance(document, dict):
        kept = {name: each for name, each in document.items() if are_names or name not in _NOISE}
        return {name: form_of(each, are_names=name == "properties") for name, each in kept.items()}
    return [form_of(each) for each in document] if isinstance(document, list) else document


def _credentials(security: list[Json] | None) -> set[frozenset[str]]:
    """The sets of credentials that open an operation; the scopes beside a name narrow only those who chose them."""
    return {frozenset(each) for each in security or [{}]}


class _Section:
    """The operations of one section in both documents."""

    def __init__(self, old: Json, new: Json, section: str) -> None:
        self.old, self.new = old, new
        self.before, self.after = old.get(section, {}), new.get(section, {})
        self.sent, self.got = (Way.SENT, Way.GOT) if section == "paths" else (Way.GOT, Way.SENT)

    def changes(self) -> Iterator[str]:
        for path, item in self.before.items():
            for method in filter(item.__contains__, _METHODS):
                name, after = f"{method.upper()} {path}", self.after.get(path, {}).get(method)
                if after is None:
                    yield f"{name}: is gone"
                else:
                    yield from self._operation(item[method], after, name)

    def _operation(self, old: Json, new: Json, name: str) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{name}: operationId {old.get('operationId')} became {new.get('operationId')}"
        before, after = (each.get("security", document.get("security")) for each, document in self._both(old, new))
        if after and not _credentials(before) <= _credentials(after):
            yield f"{name}: another credential is needed"
        yield from self._parameters(old, new, name)
        yield from self._body(old, new, name)
        yield from self._responses(old.get("responses", {}), new.get("responses", {}), name)

    def _both(self, old: Json, new: Json) -> tuple[tuple[Json, Json], tuple[Json, Json]]:
        return (old, self.old), (new, self.new)

    def _parameters(self, old: Json, new: Json, name: str) -> Iterator[str]:
        before, after = (
            {(one["in"], one["name"]): one for one in (resolved(document, each) for each in operation["parameters"])}
            if "parameters" in operation
            else {}
            for operation, document in self._both(old, new)
        )
        for place in sorted(before.keys() - after.keys()):
            yield f"{name}: {' '.join(place)} is gone"
        for place, parameter in sorted(after.items()):
            if self.sent is Way.SENT and parameter.get("required") and not before.get(place, {}).get("required"):
                yield f"{name}: {' '.join(place)} is required now"
            if place in before:
                yield from self._schemas(before[place], parameter, f"{name} {' '.join(place)}", self.sent)

    def _body(self, old: Json, new: Json, name: str) -> Iterator[str]:
        before, after = (resolved(document, each.get("requestBody", {})) for each, document in self._both(old, new))
        if self.sent is Way.SENT and after.get("required") and not before.get("required"):
            yield f"{name}: a body is required now"
        yield from self._contents(before, after, f"{name} body", self.sent)

    def _responses(self, before: Json, after: Json, name: str) -> Iterator[str]:
        for status in before:
            if status not in after:
                yield f"{name}: {status} is gone"
                continue
            old, new = resolved(self.old, before[status]), resolved(self.new, after[status])
            place = f"{name} {status}"
            for header in sorted(old.get("headers", {}).keys() - new.get("headers", {}).keys()):
                yield f"{place}: header {header} is gone"
            yield from self._contents(old, new, place, self.got)

    def _contents(self, old: Json, new: Json, place: str, way: Way) -> Iterator[str]:
        for media_type, content in old.get("content", {}).items():
            if media_type not in new.get("content", {}):
                yield f"{place}: {media_type} is gone"
            else:
                yield from self._schemas(content, new["content"][media_type], place, way)

    def _schemas(self, old: Json, new: Json, place: str, way: Way) -> Iterator[str]:
        yield from SchemaComparison(self.old, self.new, way).changes(
            old.get("schema", {}), new.get("schema", {}), place
        )
