"""What code generators make names from: whatever has no name in the document gets an ugly one in an SDK."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI

# words that no class may be called in Python, TypeScript or Java, and classes that every program there has
TAKEN = {"Import", "Class", "Package", "Default", "Enum", "Object", "String", "Date", "Error", "Map", "List", "Set"}
VAGUE = {"Action", "Counts", "Source", "Status", "Definition", "Type", "Kind", "State", "Item", "Data", "Values"}


@pytest.fixture
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def inner_schemas(found: object, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within another, or within an operation, by its place."""
    if isinstance(found, dict):
        yield path, found
        for name, value in found.items():
            yield from inner_schemas(value, f"{path}/{name}")
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from inner_schemas(value, f"{path}/{index}")


def by_name(document: dict[str, Any]) -> dict[str, Any]:
    """The operations under their ids."""
    return {each["operationId"]: each for path in document["paths"].values() for each in path.values()}


def test_every_enum_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    parts = {"components": document["components"]["schemas"], "paths": document["paths"]}

    inline = [
        path
        for path, schema in inner_schemas(parts)
        if isinstance(schema.get("enum"), list)
        and not re.fullmatch(r"/components/\w+", path)
        and not path.endswith(("/Idempotent-Replayed/schema", "EventSubject/properties/type"))
    ]

    assert inline == []


def test_no_schema_is_called_what_a_language_or_another_part_of_the_api_would_be_called(
    document: dict[str, Any],
) -> None:
    names = set(document["components"]["schemas"])

    assert names & (TAKEN | VAGUE) == set()
    assert [name for name in names if not re.fullmatch(r"([A-Z][a-z0-9]+)+", name)] == []
    titles = {name: schema["title"] for name, schema in document["components"]["schemas"].items()}
    assert [name for name, title in titles.items() if title != name] == []


def test_no_field_is_always_null(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    only_null = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, value in schema.get("properties", {}).items()
        if value.get("type") == "null"
    ]

    assert only_null == []


def test_every_body_and_every_answer_has_a_name(document: dict[str, Any]) -> None:
    bodies = [
        (name, content["schema"].get("items", content["schema"]))
        for name, operation in by_name(document).items()
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        for kind, content in part.get("content", {}).items()
        if kind.endswith("json")
    ]

    unnamed = [name for name, schema in bodies if "$ref" not in schema]

    assert unnamed == []
    assert len(bodies) > 500


@pytest.mark.parametrize(
    ("operation", "fields"),
    [
        ("create_opportunity_transition", {"available", "criteria"}),
        ("create_lead_transition", {"available", "criteria"}),
        ("create_lead_conversion", {"available", "criteria", "converted_opportunity_id"}),
        ("create_lead", {"candidates", "contact_candidates", "hidden_candidates"}),
        ("send_proposal", {"discount_limit_percent", "discount_approved_percent"}),
    ],
)
def test_what_a_refusal_says_beyond_a_problem_is_described(
    document: dict[str, Any], operation: str, fields: set[str]
) -> None:
    conflict = by_name(document)[operation]["responses"]["409"]["content"]["application/problem+json"]
    reference = conflict["schema"]["$ref"]
    schema = document["components"]["schemas"][reference.rpartition("/")[2]]

    assert fields <= set(schema["properties"])
    assert set(document["components"]["schemas"]["ProblemDocument"]["properties"]) < set(schema["properties"])


def test_every_decimal_says_that_it_is_one(document: dict[str, Any]) -> None:
    numbers = [
        (path, schema.get("format"))
        for path, schema in inner_schemas(document)
        if isinstance(schema.get("pattern"), str) and schema["pattern"].startswith(r"^\d")
    ]

    assert [path for path, kind in numbers if kind != "decimal"] == []
    assert len(numbers) > 50


def test_no_decimal_has_a_default_that_a_generator_would_take_for_a_text(document: dict[str, Any]) -> None:
    texts = [
        path for path, schema in inner_schemas(document) if schema.get("format") == "decimal" and "default" in schema
    ]

    assert texts == []


def test_no_map_holds_another_map(document: dict[str, Any]) -> None:
    nested = [
        path
        for path, schema in inner_schemas(document["components"]["schemas"])
        if path.endswith("/additionalProperties") and "additionalProperties" in schema
    ]

    assert nested == []
