import re

from fastapi import FastAPI

VERBS = (
    "list|get|create|update|delete|replace|complete|send|accept|reject|expire|approve|sign|terminate|resolve|enable|test"
)


def test_operations_are_named_like_methods_and_no_two_alike(app: FastAPI) -> None:
    paths = app.openapi()["paths"].values()

    names = [operation["operationId"] for operations in paths for operation in operations.values()]

    assert "create_opportunity_transition" in names
    assert [name for name in names if not re.fullmatch(rf"({VERBS})(_[a-z]+)+", name)] == []
    assert len(names) == len(set(names))
