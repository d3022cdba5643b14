"""The OpenAPI document with values that the service accepts, so that scanners get past its validation."""

from collections.abc import Iterator
from typing import Any

import httpx

from tests.builders.operations import Json, Operation, operations_of, sample

LEFT_OUT = {
    "stream_events": "it never ends",
    "delete_api_key": "it would revoke the key that scans",
}
_ITEM = 2  # parts of a path such as `/v1/leads/{lead_id}` behind the prefix


def filled_document(http: httpx.Client) -> Json:
    """The served document, in which each parameter and body has a value; records are some that are there."""
    document: Json = http.get("/openapi.json").raise_for_status().json()
    document["servers"] = [{"url": str(http.base_url).rstrip("/")}]
    ids = dict(_ids(http, operations_of(document)))
    for path in document["paths"].values():
        for method in [method for method, each in path.items() if each["operationId"] in LEFT_OUT]:
            del path[method]
        for operation in path.values():
            _fill(document, operation, ids)
    return document


def _ids(http: httpx.Client, operations: list[Operation]) -> Iterator[tuple[str, str]]:
    """The id of the last record in each list, by the name that the path to one record has for it."""
    for operation in operations:
        parts = operation.path.removeprefix("/v1/").split("/")
        if operation.method == "GET" and len(parts) == _ITEM and parts[1].endswith("_id}"):
            items = http.get(f"/v1/{parts[0]}").json().get("items")
            if items:
                yield parts[1].strip("{}"), items[-1]["id"]


def _fill(document: Json, operation: Json, ids: dict[str, str]) -> None:
    # a header or a cursor that is made up would be refused before anything else is looked at
    given = [each for each in operation.get("parameters", ()) if each["in"] != "header" and each["name"] != "cursor"]
    for parameter in given:
        schema = parameter["schema"].get("items", parameter["schema"])
        _show(parameter, sample(document, schema, ids, parameter["name"]))
    operation["parameters"] = given
    if "requestBody" in operation:
        content = operation["requestBody"]["content"]["application/json"]
        content["example"] = sample(document, content["schema"], ids)


def _show(parameter: Json, value: Any) -> None:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    parameter["example"] = text
    parameter["schema"] = {"type": "string", "example": text, "default": text}
