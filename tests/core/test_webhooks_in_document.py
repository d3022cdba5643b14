import json
from typing import Any

import pytest
from fastapi import FastAPI

from app.outbox.catalogue import DESCRIPTIONS, EventType
from app.webhooks.document import event_schemas
from tests.builders.event_schemas import mistakes_in


@pytest.fixture
def received(app: FastAPI) -> dict[str, dict[str, Any]]:
    """The operation of each webhook in the document."""
    return {name: item["post"] for name, item in app.openapi()["webhooks"].items()}


def test_every_type_of_the_catalogue_has_its_entry_and_its_schema(
    app: FastAPI, received: dict[str, dict[str, Any]]
) -> None:
    schemas = app.openapi()["components"]["schemas"]

    bodies = {name: each["requestBody"]["content"]["application/json"]["schema"] for name, each in received.items()}

    assert list(received) == list(EventType)
    named = {name: body["$ref"].rpartition("/")[2] for name, body in bodies.items()}
    assert named["opportunity.stage_changed"] == "OpportunityStageChangedEvent"
    assert len(set(named.values())) == len(EventType)
    constants = {name: schemas[schema]["properties"]["type"]["const"] for name, schema in named.items()}
    assert constants == {each: each for each in EventType}


def test_the_entries_say_what_the_catalogue_says(received: dict[str, dict[str, Any]]) -> None:
    summaries = {name: each["summary"] for name, each in received.items()}

    assert summaries == DESCRIPTIONS


def test_their_operation_ids_are_unlike_each_other_and_those_of_the_paths(
    app: FastAPI, received: dict[str, dict[str, Any]]
) -> None:
    paths = app.openapi()["paths"].values()

    names = [each["operationId"] for each in received.values()]
    taken = {each["operationId"] for operations in paths for each in operations.values()}

    assert "receive_opportunity_stage_changed" in names
    assert len(names) == len(set(names) - taken)


def test_each_has_the_headers_of_standard_webhooks_and_says_what_every_answer_leads_to(
    app: FastAPI, received: dict[str, dict[str, Any]]
) -> None:
    parameters = app.openapi()["components"]["parameters"]

    headers = {tuple(each["$ref"].rpartition("/")[2] for each in one["parameters"]) for one in received.values()}
    answers = {tuple(one["responses"]) for one in received.values()}

    assert [parameters[name]["name"] for name in headers.pop()] == [
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]
    assert headers == set()
    assert answers == {("2XX", "410", "429", "503", "default")}


@pytest.mark.parametrize("event_type", EventType)
def test_the_example_is_an_event_of_its_type(received: dict[str, dict[str, Any]], event_type: EventType) -> None:
    example = received[event_type]["requestBody"]["content"]["application/json"]["example"]

    assert mistakes_in(json.dumps(example).encode()) == []
    assert example["type"] == event_type


def test_an_event_carries_the_record_that_the_api_answers_with(app: FastAPI) -> None:
    served = app.openapi()["components"]["schemas"]

    differing = [name for name, schema in event_schemas().items() if without_null_defaults(schema) != served[name]]

    assert differing == []


def without_null_defaults(schema: dict[str, Any]) -> dict[str, Any]:
    """FastAPI leaves them out."""
    properties = {
        name: {key: value for key, value in each.items() if (key, value) != ("default", None)}
        for name, each in schema.get("properties", {}).items()
    }
    return {**schema, "properties": properties} if properties else schema
