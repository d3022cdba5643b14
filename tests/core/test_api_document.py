import json
import re
from pathlib import Path

from fastapi import FastAPI

from app.api_document import document_text

COMMITTED = Path(__file__).parents[2] / "openapi" / "openapi.json"

VERBS = (
    "list|get|create|update|delete|replace|complete|send|accept|reject|expire"
    "|approve|sign|terminate|resolve|enable|test|stream"
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

    used = {tag for path in document["paths"].values() for operation in path.values() for tag in operation["tags"]}

    assert used == described
