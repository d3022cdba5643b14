"""No client of the last release breaks unawares, and each kind of break is noticed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.compatibility.documents import breaking_changes, form_of
from tests.compatibility.releases import CURRENT, INTENDED, RELEASED, read
from tests.compatibility.schemas import Json

LEAD: Json = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "name": {"type": "string"},
        "score": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "stage": {"$ref": "#/components/schemas/Stage"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Lead"}},
    },
}
LEAD_CREATE: Json = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "score": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
        "stage": {"$ref": "#/components/schemas/Stage"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
DOCUMENT: Json = {
    "paths": {
        "/leads": {
            "post": {
                "operationId": "create_lead",
                "security": [],
                "parameters": [{"name": "q", "in": "query", "schema": {"type": "string"}}],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/LeadCreate"}}}
                },
                "responses": {
                    "201": {
                        "headers": {"Location": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Lead"}}},
                    },
                    "409": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
                },
            }
        }
    },
    "webhooks": {
        "lead.created": {
            "post": {
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Lead"}}}},
                "responses": {"2XX": {}},
            }
        }
    },
    "components": {
        "schemas": {"Lead": LEAD, "LeadCreate": LEAD_CREATE, "Stage": {"type": "string", "enum": ["new", "won"]}}
    },
}
POST = ("paths", "/leads", "post")
SENT = ("components", "schemas", "LeadCreate")
GOT = ("components", "schemas", "Lead")
GONE = object()

BREAKS: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("paths", "/leads"), GONE, "POST /leads: is gone"),
    ((*POST, "operationId"), "add_lead", "POST /leads: operationId create_lead became add_lead"),
    ((*POST, "security"), [{"api_key": []}], "POST /leads: another credential is needed"),
    ((*POST, "parameters"), [], "POST /leads: query q is gone"),
    ((*POST, "parameters", 0, "required"), True, "POST /leads: query q is required now"),
    ((*POST, "parameters", 0, "schema", "maxLength"), 9, "POST /leads query q: maxLength None became 9"),
    ((*POST, "requestBody", "required"), True, "POST /leads: a body is required now"),
    ((*POST, "requestBody", "content"), {}, "POST /leads body: application/json is gone"),
    ((*SENT, "required"), ["name", "score"], "POST /leads body.score: is required now"),
    ((*SENT, "properties", "tags"), GONE, "POST /leads body.tags: is no longer taken"),
    ((*SENT, "properties", "name", "type"), "integer", "POST /leads body.name: type string became integer"),
    ((*SENT, "properties", "name", "format"), "email", "POST /leads body.name: format None became email"),
    ((*SENT, "properties", "name", "minLength"), 2, "POST /leads body.name: minLength 1 became 2"),
    ((*SENT, "properties", "name", "maxLength"), 100, "POST /leads body.name: maxLength 200 became 100"),
    ((*SENT, "properties", "name", "pattern"), "^a", "POST /leads body.name: pattern None became ^a"),
    ((*SENT, "properties", "name", "enum"), ["Ann"], "POST /leads body.name: only certain values are taken"),
    ((*SENT, "properties", "score", "anyOf", 0, "minimum"), 1, "POST /leads body.score: minimum 0 became 1"),
    ((*SENT, "properties", "score", "anyOf", 1), GONE, "POST /leads body.score: null is no longer taken"),
    ((*SENT, "properties", "tags", "items", "type"), "integer", "POST /leads body.tags[]: type string became integer"),
    (("components", "schemas", "Stage", "enum"), ["new"], "POST /leads body.stage: won is no longer taken"),
    ((*POST, "responses", "409"), GONE, "POST /leads: 409 is gone"),
    ((*POST, "responses", "201", "headers"), {}, "POST /leads 201: header Location is gone"),
    ((*POST, "responses", "201", "content"), {}, "POST /leads 201: application/json is gone"),
    ((*GOT, "properties", "name"), GONE, "POST /leads 201.name: is no longer there"),
    ((*GOT, "required"), ["id"], "POST /leads 201.name: is not always there any more"),
    ((*GOT, "properties", "name", "type"), ["string", "null"], "POST /leads 201.name: type string became null|string"),
    ((*GOT, "properties", "id", "format"), "uri", "POST /leads 201.id: format uuid became uri"),
    (
        (*GOT, "properties", "score", "anyOf"),
        [{"type": "integer"}, {"type": "null"}, {"type": "string"}],
        "POST /leads 201.score: string is new",
    ),
    ((*GOT, "properties", "name"), GONE, "POST lead.created body.name: is no longer there"),
    (("webhooks", "lead.created"), GONE, "POST lead.created: is gone"),
]
HARMLESS: list[tuple[tuple[str | int, ...], Any]] = [
    (("paths", "/accounts"), {"get": {"operationId": "list_accounts"}}),
    ((*POST, "parameters", 0, "description"), "Words in the name."),
    ((*POST, "responses", "429"), {"description": "Slow down."}),
    ((*POST, "responses", "201", "headers", "ETag"), {}),
    ((*SENT, "required"), []),
    ((*SENT, "properties", "name", "maxLength"), 300),
    ((*SENT, "properties", "email"), {"type": "string"}),
    ((*GOT, "properties", "email"), {"type": "string"}),
    ((*GOT, "required"), ["id", "name", "score"]),
    ((*GOT, "properties", "name", "pattern"), "^[a-z]"),
    (("components", "schemas", "Stage", "enum"), ["new", "won", "lost"]),
    (("webhooks", "lead.updated"), {"post": {}}),
]


def changed(path: tuple[str | int, ...], value: object) -> Json:
    document = copy.deepcopy(DOCUMENT)
    found: Any = document
    for step in path[:-1]:
        found = found[step]
    if value is GONE:
        del found[path[-1]]
    else:
        found[path[-1]] = value
    return document


@pytest.mark.parametrize(("path", "value", "told"), BREAKS, ids=[told for _, _, told in BREAKS])
def test_a_break_is_told(path: tuple[str | int, ...], value: object, told: str) -> None:
    assert told in breaking_changes(DOCUMENT, changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"), HARMLESS, ids=[str(path[-1]) + str(number) for number, (path, _) in enumerate(HARMLESS)]
)
def test_what_breaks_nobody_is_not_told(path: tuple[str | int, ...], value: object) -> None:
    assert breaking_changes(DOCUMENT, changed(path, value)) == []


def test_what_people_read_is_no_part_of_the_form() -> None:
    lead = {
        "type": "object",
        "title": "Lead",
        "properties": {"title": {"type": "string", "description": "Of a person."}},
    }

    assert form_of(lead) == {"type": "object", "properties": {"title": {"type": "string"}}}


def test_nothing_has_broken_since_the_last_release_but_what_was_meant_to() -> None:
    broken = set(breaking_changes(read(RELEASED), form_of(read(CURRENT))))

    assert broken == read(INTENDED).keys(), "mend it, or write into openapi/intended-breaks.json why it must be"
    assert all(len(reason) > 20 for reason in read(INTENDED).values())


@pytest.mark.parametrize("change", [lambda paths: paths.pop("/v1/leads"), lambda paths: paths["/v1/leads"].pop("post")])
def test_a_break_of_the_real_document_is_told(change: Callable[[Json], object]) -> None:
    current = form_of(read(CURRENT))
    change(current["paths"])

    assert "POST /v1/leads: is gone" in breaking_changes(read(RELEASED), current)


def test_a_second_credential_and_scopes_break_nobody_and_the_loss_of_a_credential_does() -> None:
    security = (*POST, "security")
    one: list[dict[str, list[str]]] = [{"api_key": []}]
    both = [{"api_key": ["leads:write"]}, {"openid_token": ["leads:write"]}]

    assert breaking_changes(changed(security, one), changed(security, both)) == []
    assert breaking_changes(changed(security, both), changed(security, one)) == [
        "POST /leads: another credential is needed"
    ]
