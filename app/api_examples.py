"""The examples of the OpenAPI document: what the service was asked and answered in the examples' own department.

`api_examples.json` is written by `tests/examples`, which tells the story anew in each run and compares.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from app.core.problems import PROBLEM_JSON, Problem

JSON = "application/json"
EVENTS = "text/event-stream"
INSTANCE = "/v1/leads/0198c1f2-a7b4-7000-8000-000000000011"
REQUEST_ID = "0198c1f2-a7b4-7000-8000-000000000001"

Json = dict[str, Any]


def add_examples(document: Json) -> None:
    """Give every operation its request, its answers and the problems that it may be refused with."""
    for operations in document["paths"].values():
        for operation in operations.values():
            _show(operation, recorded()["answers"].get(operation["operationId"], {}))
    document["components"]["examples"] = {code: _example_of(code) for code in sorted(_codes(document))}


@cache
def recorded() -> Json:
    """What was recorded: `answers` by operation and status, `problems` by code."""
    found: Json = json.loads(files("app").joinpath("api_examples.json").read_text("utf-8"))
    return found


def _show(operation: Json, answers: Json) -> None:
    usual = answers[max(answers)] if answers else {}  # 201 tells more than the 200 of a dry run
    for parameter in operation.get("parameters", ()):
        if parameter["name"] in usual.get("parameters", {}):
            parameter["example"] = usual["parameters"][parameter["name"]]
    if "request" in usual and "requestBody" in operation:  # what is recorded may be older than the code
        operation["requestBody"]["content"][JSON]["example"] = usual["request"]
    for status, answer in answers.items():
        for kind, media_type in operation["responses"].get(status, {}).get("content", {}).items():
            media_type["example"] = answer["response"] if kind == JSON else _as_message(answer["response"])


def _as_message(event: Json) -> str:
    return f"id: {event['next_cursor']}\nevent: {event['event']['type']}\ndata: {json.dumps(event['event'])}\n\n"


def _codes(document: Json) -> set[str]:
    return {
        code
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for code in response.get("content", {}).get(PROBLEM_JSON, {}).get("examples", ())
    }


def _example_of(code: str) -> Json:
    kind = next(each for each in Problem.kinds() if each.code() == code)
    shown = recorded()["problems"].get(code)
    return {"summary": kind.default_detail(), "value": shown or _plain(kind)}


def _plain(kind: type[Problem]) -> Json:
    """The problem as it is without what some of its kinds are given, as how long to wait."""
    problem = kind.__new__(kind)
    Problem.__init__(problem)
    return problem.document(instance=INSTANCE, request_id=REQUEST_ID)
