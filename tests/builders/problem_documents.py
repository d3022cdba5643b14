"""What every error must be: a problem document as the API's own document describes it."""

import json
import re
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from app.core.problems import Problem, ProblemDocument

_POINTER = re.compile(r"(/([^~/]|~[01])*)*")


@cache
def _shape_of(code: str) -> jsonschema_rs.Validator:
    """What the document of a kind must be, with the fields of its own."""
    shape = next((kind.shape for kind in Problem.kinds() if kind.code() == code), ProblemDocument)
    return jsonschema_rs.validator_for(shape.model_json_schema(mode="serialization") | {"additionalProperties": True})


def problem_of(status: int, headers: httpx.Headers, body: bytes) -> dict[str, Any]:
    """The problem that an error's answer holds; fails when it is none, or tells of another status."""
    assert headers.get("content-type") == "application/problem+json", headers
    problem: dict[str, Any] = json.loads(body)
    mistakes = [error.message for error in _shape_of(problem["code"]).iter_errors(problem)]
    assert mistakes == []
    assert (problem["status"], problem["type"]) == (status, f"/problems/{problem['code']}")
    assert all(_POINTER.fullmatch(error["pointer"]) for error in problem["errors"])
    assert problem["detail"]
    return problem


async def check_answer(response: httpx.Response) -> None:
    """Whatever is answered: errors are problem documents, and what was created says where it is."""
    if response.is_error and response.request.method != "HEAD":
        await response.aread()
        problem_of(response.status_code, response.headers, response.content)
    if response.status_code == httpx.codes.CREATED:
        assert re.fullmatch(r"/v1(/[0-9A-Za-z-]+)+", response.headers["location"]), response.headers
