"""The examples of the document are what the service is asked and answers, and nothing is left without one."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI

from app.core.database import Database
from app.core.problems import PROBLEM_JSON
from app.core.settings import Settings
from tests.builders.operations import operations_of
from tests.examples.normal import normal, shape
from tests.examples.recording import Json, Recorded, RecordingClient
from tests.examples.story import tell

COMMITTED = Path(__file__).parents[2] / "app" / "api_examples.json"
WRITE = "STAGELINE_WRITE_EXAMPLES"
JSON = "application/json"


@pytest.fixture(scope="module")
async def told(app: FastAPI, database: Database, settings: Settings) -> Recorded:
    async with RecordingClient(app) as http:
        await tell(http, database, settings)
        return http.recorded


@pytest.fixture(scope="module")
def examples(told: Recorded) -> Json:
    """The examples as the service gives them now; with the variable set they are committed anew."""
    found = normal(told)
    if os.environ.get(WRITE):
        COMMITTED.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return found


@pytest.fixture(scope="module")
def committed() -> Json:
    found: Json = json.loads(COMMITTED.read_text(encoding="utf-8"))
    return found


def operations(app: FastAPI) -> list[Json]:
    return [each for path in app.openapi()["paths"].values() for each in path.values()]


def mistakes(app: FastAPI, schema: Json, value: Any) -> list[str]:
    validator = jsonschema_rs.Draft202012Validator(
        {**schema, "components": app.openapi()["components"]}, validate_formats=True
    )
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def test_the_committed_requests_are_those_that_the_service_accepts(examples: Json, committed: Json) -> None:
    asked, written = [
        {
            (name, status): (answer["parameters"], answer.get("request"))
            for name, answers in each["answers"].items()
            for status, answer in answers.items()
        }
        for each in (examples, committed)
    ]

    assert {key for key in asked | written if shape(asked.get(key)) != shape(written.get(key))} == set(), (
        f"run this test with {WRITE}=1, and look at what has changed"
    )


def test_the_committed_answers_are_formed_as_those_of_the_service(examples: Json, committed: Json) -> None:
    given, written = [
        {
            (name, status): shape(answer.get("response"))
            for name, answers in each["answers"].items()
            for status, answer in answers.items()
        }
        for each in (examples, committed)
    ]

    assert {key for key in given | written if given.get(key) != written.get(key)} == set(), (
        f"run this test with {WRITE}=1, and look at what has changed"
    )
    assert shape(examples["problems"]) == shape(committed["problems"])


def test_every_change_of_a_version_heeds_if_match(app: FastAPI, told: Recorded) -> None:
    document = operations_of(app.openapi())
    taking = {each.name for each in document if any(one["name"] == "If-Match" for one in each.parameters)}
    changing = {each.name for each in document if each.method in {"PATCH", "PUT", "DELETE"}}

    assert told.mistakes == []
    assert told.preconditions == taking
    assert changing <= taking
    assert {"create_opportunity_transition", "create_lead_transition", "create_lead_conversion"} <= taking


def test_every_operation_says_what_it_does(app: FastAPI) -> None:
    silent = {
        each["operationId"]
        for each in operations(app)
        if not all(each.get(part) for part in ("summary", "description", "tags"))
    }

    assert silent == set()


def test_every_operation_has_an_example_of_each_success(app: FastAPI) -> None:
    missing = [
        (operation["operationId"], status)
        for operation in operations(app)
        for status, response in operation["responses"].items()
        for content in response.get("content", {}).values()
        if "example" not in content and "examples" not in content
    ]
    unasked = [
        each["operationId"]
        for each in operations(app)
        if "requestBody" in each and "example" not in each["requestBody"]["content"][JSON]
    ]

    assert (missing, unasked) == ([], [])


def test_every_example_follows_its_schema(app: FastAPI) -> None:
    found, looked_at = [], 0
    for operation in operations(app):
        contents = [response.get("content", {}) for response in operation["responses"].values()]
        contents.append(operation.get("requestBody", {}).get("content", {}))
        shown = [each[JSON] for each in contents if JSON in each]
        shown += [each for each in operation.get("parameters", ()) if "example" in each]
        for each in shown:
            looked_at += 1
            found += [(operation["operationId"], one) for one in mistakes(app, each["schema"], each["example"])]

    assert found == []
    assert looked_at > 400


def test_every_kind_of_problem_has_an_example_that_is_one(app: FastAPI) -> None:
    components = app.openapi()["components"]
    codes = {
        code
        for operation in operations(app)
        for response in operation["responses"].values()
        for code in response.get("content", {}).get(PROBLEM_JSON, {}).get("examples", ())
    }
    unexplained = [
        (operation["operationId"], status)
        for operation in operations(app)
        for status, response in operation["responses"].items()
        if status[0] in "45" and not response["content"][PROBLEM_JSON].get("examples")
    ]

    assert unexplained == []
    assert codes == set(components["examples"])
    for code, example in components["examples"].items():
        assert mistakes(app, components["schemas"]["ProblemDocument"], example["value"]) == []
        assert example["value"]["code"] == code
