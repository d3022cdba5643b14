import json
import re
from pathlib import Path

from fastapi import FastAPI

from app.api_document import document_text

COMMITTED = Path(__file__).parents[2] / "openapi" / "openapi.json"

VERBS = (
    "list|get|create|update|delete|replace|complete|send|accept|reject|expire"
    "|approve|sign|terminate|resolve|enable|test|replay|stream|upsert"
)


def test_operations_are_named_like_methods_and_no_two_alike(app: FastAPI) -> None:
    paths = app.openapi()["paths"].values()

    names = [operation["operationId"] for operations in paths for operation in operations.values()]

    assert "create_opportunity_transition" in names
    assert [name for name in names if not re.fullmatch(rf"({VERBS})(_[a-z]+)+", name)] == []
    assert len(names) == len(set(names))


def test_the_committed_document_is_what_the_code_serves(app: FastAPI) -> None:
    assert COMMITTED.read_text(encoding="utf-8") == document_text(app), (
        "run `stageline openapi --output openapi/openapi.json`"
    )


def test_every_error_is_a_problem_document(app: FastAPI) -> None:
    operations = [each for path in app.openapi()["paths"].values() for each in path.values()]

    kinds = {
        tuple(response["content"])
        for operation in operations
        for status, response in operation["responses"].items()
        if status[0] in "45"
    }

    assert kinds == {("application/problem+json",)}
    assert "HTTPValidationError" not in json.dumps(app.openapi())


def test_every_operation_has_a_described_tag(app: FastAPI) -> None:
    document = app.openapi()
    described = {tag["name"] for tag in document["tags"]}

    used = {
        tag
        for section in ("paths", "webhooks")
        for operations in document[section].values()
        for operation in operations.values()
        for tag in operation["tags"]
    }

    assert used == described


def test_every_post_takes_an_idempotency_key_and_says_what_it_answers(app: FastAPI) -> None:
    posts = [path["post"] for path in app.openapi()["paths"].values() if "post" in path]

    for post in posts:
        (header,) = [each for each in post["parameters"] if each["name"] == "Idempotency-Key"]
        succeeded = [response for status, response in post["responses"].items() if status[0] == "2"]
        assert (header["in"], header["required"]) == ("header", False)
        assert "`idempotency_key_in_use`" in post["responses"]["409"]["description"]
        assert "`idempotency_key_reused`" in post["responses"]["422"]["description"]
        assert succeeded
        assert all("Idempotent-Replayed" in response["headers"] for response in succeeded)
    assert len(posts) > 30


def test_an_answer_that_shows_a_secret_is_documented_as_not_repeatable(app: FastAPI) -> None:
    document = app.openapi()
    showing = {
        name
        for name, schema in document["components"]["schemas"].items()
        if any(each.get("x-shown-once") for each in schema.get("properties", {}).values())
    }
    unmarked = {
        name
        for name, schema in document["components"]["schemas"].items()
        if name not in showing and {"key", "secret"} & set(schema.get("properties", {}))
    }
    shown_by, refusing = set(), set()
    for operation in (each for path in document["paths"].values() for each in path.values()):
        text = json.dumps(operation["responses"])
        if any(f'schemas/{name}"' in text for name in showing):
            shown_by.add(operation["operationId"])
        if "secret_shown_once" in text:
            refusing.add(operation["operationId"])

    assert unmarked == set()
    assert shown_by == refusing
    assert shown_by == {
        "create_api_key",
        "create_api_key_rotation",
        "create_webhook_endpoint",
        "create_webhook_secret_rotation",
    }


def test_no_parameter_is_null(app: FastAPI) -> None:
    operations = [each for path in app.openapi()["paths"].values() for each in path.values()]
    schemas = [each["schema"] for operation in operations for each in operation.get("parameters", ())]

    assert [schema for schema in schemas if '"null"' in json.dumps(schema)] == []
    assert any(schema.get("format") == "date" for schema in schemas)


def test_everything_that_is_referred_to_is_there(app: FastAPI) -> None:
    document = app.openapi()

    references = set(re.findall(r'"\$ref": "#/components/(\w+)/([^"]+)"', json.dumps(document)))

    assert {(kind, name) for kind, name in references if name not in document["components"][kind]} == set()


def test_no_record_has_one_schema_for_input_and_another_for_output(app: FastAPI) -> None:
    assert [name for name in app.openapi()["components"]["schemas"] if name.endswith(("-Input", "-Output"))] == []
