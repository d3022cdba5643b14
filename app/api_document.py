"""The OpenAPI document: what FastAPI derives, brought to the rules that make good SDKs."""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.encoders import jsonable_encoder
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic.json_schema import models_json_schema

from app.api_examples import add_examples
from app.core.idempotency import HEADER, REPLAYED, IdempotencyKeyInUse, IdempotencyKeyReused
from app.core.problems import (
    PROBLEM_JSON,
    SCHEMAS,
    BadRequest,
    PayloadTooLarge,
    Problem,
    ProblemDocument,
    RequestTimeout,
    UnsupportedMediaType,
    references_to_examples,
)
from app.core.rate_limits import FIELD, POLICY_FIELD, TooManyRequests
from app.people.required_scopes import tell_scopes
from app.webhooks.document import TAG, add_webhooks

_ERROR = "4", "5"
_OF_BODIES = BadRequest, RequestTimeout, PayloadTooLarge, UnsupportedMediaType
_KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "description": (
        "A key of your choice, such as a UUID: repeated within 24 hours with the same key and the same body, the "
        "request has no further effect and is answered with the same bytes. Refusals are not kept."
    ),
    "example": "5f3a1c9e-8d0b-4c56-9d43-2f6f0f5f7a10",
}
_REPLAYED_HEADER = {
    "schema": {"type": "string", "enum": ["true"]},
    "description": f"The request was answered before, with these bytes; only with `{HEADER}`.",
}
_RETRY_AFTER = "Retry-After"
_WITH_RETRY_AFTER = "429", "503"
_HEADERS = {
    POLICY_FIELD: {
        "schema": {"type": "string"},
        "description": (
            "The quotas that the request counts for, a structured field (RFC 9651): `q` requests in each `w` seconds."
        ),
        "example": '"key";q=1000;w=10, "organization";q=5000;w=10',
    },
    FIELD: {
        "schema": {"type": "string"},
        "description": "What is left of each quota: `r` requests now, and more after `t` seconds.",
        "example": '"key";r=940;t=1, "organization";r=4212;t=1',
    },
    _RETRY_AFTER: {
        "schema": {"type": "integer", "minimum": 1},
        "description": "Seconds to wait before it makes sense to ask again.",
    },
}
_LOCATION_HEADER = {
    "schema": {"type": "string", "format": "uri-reference", "pattern": "^/v1/"},
    "description": "The path of what was created; of the record itself where it was moved, converted or rotated.",
}

TAGS = {
    "people": "Who you are, users, teams, API keys and positions.",
    "leads": "Leads: the first two steps of the workflow.",
    "accounts": "Companies the department sells to.",
    "contacts": "The people in them.",
    "opportunities": "Deals with their qualification, contact roles, line items and objections.",
    "transitions": "The one way to change a stage, and why a record may not move.",
    "activities": "Calls, e-mails, meetings, presentations: planned and held.",
    "proposals": "Offers, with discount approval.",
    "contracts": "Contracts and recorded purchases.",
    "follow-up": "Hand-offs, satisfaction, customer issues and win/loss reviews.",
    "products": "What is sold.",
    "pipelines": "Pipelines and their versions.",
    "team-targets": "Targets, attainment and the deals behind it.",
    "events": "The log of events.",
    "audit": "Who wrote what, and from where.",
    "personal-data": "All that is held on a person, and their erasure.",
    "webhooks": "Endpoints, deliveries and redelivery.",
    TAG: "What endpoints receive: one signed message per event.",
    "service": "Health of the service.",
}


def operation_id(route: APIRoute) -> str:
    """Operations are named after their functions, which read as SDK methods."""
    return route.name


def describe(app: FastAPI) -> None:
    """Let the application serve the finished document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way to extend the document


def document_text(app: FastAPI) -> str:
    """The document as it is committed: sorted by nothing, indented, ending in a newline."""
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary="The system of record of a sales department.",
        description="Leads, accounts, deals and team targets; every step is checked, explained and published.",
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": "/", "description": "Where the document is served"}],
        license_info={"name": "MIT", "identifier": "MIT"},
        contact={"name": "The Stageline authors"},
    )
    for operations in document["paths"].values():
        for method, operation in operations.items():
            operation.setdefault("security", [])  # said, not left open: health is for everybody
            if "requestBody" in operation:
                _add_problems(operation["responses"], *_OF_BODIES)
            if "201" in operation["responses"]:
                operation["responses"]["201"].setdefault("headers", {})["Location"] = _LOCATION_HEADER
            if method == "post":
                _take_key(operation)
            if operation["security"]:
                _limit(operation["responses"])
            for status in set(_WITH_RETRY_AFTER) & operation["responses"].keys():
                _add_headers(operation["responses"][status], _RETRY_AFTER)
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
            operation["responses"] = dict(sorted(operation["responses"].items()))
    schemas = document["components"]["schemas"] | _schemas_of_problems()
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    document["components"]["headers"] = _HEADERS
    tell_scopes(document, app.routes)
    add_webhooks(document)
    add_examples(document)
    for framework_schema in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(framework_schema, None)
    return document


def _schemas_of_problems() -> dict[str, Any]:
    """The schemas of all documents, to which the responses of routes refer, by name."""
    shapes: set[type[ProblemDocument]] = {ProblemDocument, *(kind.shape for kind in Problem.kinds())}
    _, schemas = models_json_schema([(shape, "serialization") for shape in shapes], ref_template=SCHEMAS + "{model}")
    found: dict[str, Any] = jsonable_encoder(schemas["$defs"], exclude_none=True)  # as FastAPI does with the others
    return found


def _add_problems(responses: dict[str, Any], *problems: type[Problem]) -> None:
    schema = {"$ref": SCHEMAS + ProblemDocument.__name__}
    for problem in problems:
        content = {PROBLEM_JSON: {"schema": schema, "examples": {}}}
        response = responses.setdefault(str(problem.status), {"description": "", "content": content})
        response["content"][PROBLEM_JSON]["examples"] |= references_to_examples([problem])
        told = filter(None, [response["description"], f"`{problem.code()}`: {problem.default_detail()}"])
        response["description"] = " / ".join(told)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is optional is left out; there is no null in a URL or a header."""
    others = [each for each in schema.get("anyOf", ()) if each.get("type") != "null"]
    if len(others) != 1:
        return schema
    given: dict[str, Any] = others[0]
    return given | {name: value for name, value in schema.items() if name != "anyOf"}


def _take_key(operation: dict[str, Any]) -> None:
    """What every POST has: the header that makes it safe to repeat, and what is answered because of it."""
    operation.setdefault("parameters", []).append(_KEY_PARAMETER)
    _add_problems(operation["responses"], IdempotencyKeyInUse, IdempotencyKeyReused)
    for status, response in operation["responses"].items():
        if not status.startswith(_ERROR):
            response.setdefault("headers", {})[REPLAYED] = _REPLAYED_HEADER


def _limit(responses: dict[str, Any]) -> None:
    """What every operation with a caller has: quotas, told with what it answers."""
    _add_problems(responses, TooManyRequests)
    for status, response in responses.items():
        if not status.startswith(_ERROR) or status == str(TooManyRequests.status):
            _add_headers(response, POLICY_FIELD, FIELD)


def _add_headers(response: dict[str, Any], *names: str) -> None:
    response.setdefault("headers", {}).update({name: {"$ref": f"#/components/headers/{name}"} for name in names})
