import re

from fastapi import FastAPI


def test_operations_are_named_like_methods_and_no_two_alike(app: FastAPI) -> None:
    paths = app.openapi()["paths"].values()

    names = [operation["operationId"] for operations in paths for operation in operations.values()]

    assert "create_opportunity_transition" in names
    assert [name for name in names if not re.fullmatch(r"(list|get|create|update|delete|replace)_[a-z_]+", name)] == []
    assert len(names) == len(set(names))
