"""The operations of the API's document: their paths filled with real ids, and a body that each of them reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_STRINGS = {
    "uuid": "01a21371-cc74-7295-ac0c-d663458601f7",
    "date": "2030-01-31",
    "date-time": "2030-01-31T10:00:00Z",
    "uri": "http://127.0.0.1:9/hook",
}
_BY_NAME = {"email": "someone@example.com", "url": "http://127.0.0.1:9/hook", "event_types": ["*"], "name": "A name"}


@dataclass(frozen=True)
class Operation:
    """An operation with what it takes."""

    name: str
    method: str
    path: str
    parameters: tuple[Json, ...]
    body: Json | None

    def path_with(self, ids: Mapping[str, str]) -> str:
        """Its path to the records of those names; a record that nobody made stands for the others."""
        return re.sub(r"\{(\w+)\}", lambda found: ids.get(found[1], _STRINGS["uuid"]), self.path)

    @property
    def query(self) -> list[str]:
        """The names of its query parameters."""
        return [each["name"] for each in self.parameters if each["in"] == "query"]


def operations_of(document: Json) -> list[Operation]:
    """All of them."""
    return [
        Operation(
            operation["operationId"],
            method.upper(),
            path,
            tuple(operation.get("parameters", ())),
            operation["requestBody"]["content"]["application/json"]["schema"] if "requestBody" in operation else None,
        )
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]


def fields_of(document: Json, schema: Json) -> list[str]:
    """The names of an object's fields."""
    return list(_resolved(document, schema).get("properties", {}))


def sample(document: Json, schema: Json, ids: Mapping[str, str], name: str = "") -> Any:
    """A value of the schema: required fields only, ids of records that are there."""
    schema = _resolved(document, schema)
    examples = [ids.get(name), _BY_NAME.get(name), schema.get("const"), schema.get("default"), schema.get("example")]
    examples += schema.get("examples") or schema.get("enum") or []
    example = next((each for each in examples if each is not None), None)
    if example is not None:
        return example
    if schema.get("type") == "object":
        required = schema.get("required") or list(schema.get("properties", {}))[:1]
        return {each: sample(document, schema["properties"][each], ids, each) for each in required}
    if schema.get("type") == "array":
        return [sample(document, schema["items"], ids)] * schema.get("minItems", 1)
    plain = {"integer": schema.get("minimum", 1), "number": schema.get("minimum", 1), "boolean": True}
    return plain.get(schema.get("type", ""), _STRINGS.get(schema.get("format", ""), "Some words"))


def _resolved(document: Json, schema: Json) -> Json:
    while True:
        choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif choices:
            schema = next(each for each in choices if each.get("type") != "null")
        else:
            return schema
