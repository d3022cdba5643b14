"""The `webhooks` section of the OpenAPI document: one entry per type of event, under the type's name.

FastAPI's own `app.webhooks` is not used: it takes the bodies for input, and so gives two schemas to a record that the
API answers with and an event carries.
"""

from typing import Any

from pydantic.json_schema import models_json_schema

from app.outbox.catalogue import DESCRIPTIONS, EventType
from app.webhooks.event_models import model_of
from app.webhooks.examples import example_of

TAG = "webhook-messages"

_COMPONENTS = "#/components/{}/{}"

_PARAMETERS = {
    "WebhookId": {
        "name": "webhook-id",
        "description": "The event's id: the same in every attempt and redelivery. Drop what you have seen.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "WebhookTimestamp": {
        "name": "webhook-timestamp",
        "description": "When this attempt was made, in unix seconds. Refuse what is more than five minutes off.",
        "schema": {"type": "integer"},
    },
    "WebhookSignature": {
        "name": "webhook-signature",
        "description": "`v1,` and the base64 of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, by the "
        "endpoint's secret. During a rotation there are two, with one space between them: one must be right.",
        "schema": {"type": "string", "examples": ["v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="]},
    },
}

_RETRY_AFTER = {
    "Retry-After": {
        "description": "Seconds, or an HTTP date; heeded up to 24 hours.",
        "schema": {"type": "string", "examples": ["120"]},
    }
}
_RESPONSES: dict[str, tuple[str, dict[str, Any]]] = {
    "2XX": (
        "WebhookAccepted",
        {"description": "Delivered; the next event of the subject follows. Answer within 15 s."},
    ),
    "410": ("WebhookGone", {"description": "The endpoint is disabled and called no more until it is enabled again."}),
    "429": (
        "WebhookTooManyRequests",
        {"description": "Tried again by the schedule, not before Retry-After.", "headers": _RETRY_AFTER},
    ),
    "503": (
        "WebhookUnavailable",
        {"description": "Tried again by the schedule, not before Retry-After.", "headers": _RETRY_AFTER},
    ),
    "default": (
        "WebhookFailed",
        {"description": "Anything else, redirects included, is a failure: tried again, 10 times over 75.6 hours."},
    ),
}


def add_webhooks(document: dict[str, Any]) -> None:
    """Complete a document with the section and the components that it refers to; schemas already there stay."""
    components = document["components"]
    components["schemas"] |= {name: each for name, each in event_schemas().items() if name not in components["schemas"]}
    components["parameters"] = {name: {"in": "header", "required": True, **each} for name, each in _PARAMETERS.items()}
    components["responses"] = dict(_RESPONSES.values())
    document["webhooks"] = {each.value: {"post": _operation(each)} for each in EventType}


def event_schemas() -> dict[str, Any]:
    """The schemas of all types of events, with everything that they refer to, by name."""
    models = [(model_of(each), "serialization") for each in EventType]
    _, found = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _operation(event_type: EventType) -> dict[str, Any]:
    return {
        "tags": [TAG],
        "summary": DESCRIPTIONS[event_type],
        "description": f"Sent to endpoints that subscribe to `{event_type}`, signed as Standard Webhooks 1.0.0 has it.",
        "security": [],  # the signature is in the headers below
        "operationId": f"receive_{event_type.replace('.', '_')}",
        "parameters": [{"$ref": _COMPONENTS.format("parameters", name)} for name in _PARAMETERS],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": _COMPONENTS.format("schemas", model_of(event_type).__name__)},
                    "example": example_of(event_type),
                }
            },
        },
        "responses": {
            status: {"$ref": _COMPONENTS.format("responses", name)} for status, (name, _) in _RESPONSES.items()
        },
    }
