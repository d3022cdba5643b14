"""Events held against the committed document, strictly: what a schema does not name may not be there."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from jsonschema_rs import Draft202012Validator

from app.outbox.catalogue import EventType

DOCUMENT = Path(__file__).parents[2] / "openapi" / "openapi.json"

NOT_EMITTED_YET: Mapping[EventType, str] = {
    EventType.CONTRACT_RENEWAL_DUE: "nothing watches the dates of contracts yet",
    EventType.TEAM_TARGET_ATTAINED: "attainment is computed when somebody asks; nothing watches it yet",
}


def mistakes_in(body: bytes) -> list[str]:
    """Everything in which an event is not what the document says, as `type: place: what is wrong`."""
    event = json.loads(body)
    event_type = event["type"]
    if event_type in NOT_EMITTED_YET:
        return [f"{event_type}: /type: is emitted now, so it does not belong in NOT_EMITTED_YET"]
    found = [
        f"{event_type}: /{'/'.join(str(part) for part in error.instance_path)}: {error.message}"
        for error in validator_of(event_type).iter_errors(event)
    ]
    return found or [f"{event_type}: /data/{place}" for place in _wrong_changes(event["data"])]


async def mistakes_in_log(connection: asyncpg.Connection) -> list[str]:
    """The mistakes in all events of a database, each kind once."""
    found: dict[str, None] = {}
    async with connection.transaction():
        async for row in connection.cursor("SELECT body FROM events", prefetch=1_000):
            found |= dict.fromkeys(mistakes_in(row["body"]))
    return list(found)


@cache
def validator_of(event_type: str) -> Draft202012Validator:
    """The validator of the body that the document's `webhooks` section gives for the type."""
    document = _strict_document()
    body = document["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**body, "components": document["components"]}, validate_formats=True)


def _wrong_changes(data: Mapping[str, Any]) -> list[str]:
    wrong = [f"before/{name}: is as in object" for name in data["before"] if data["before"][name] == data["object"][name]]
    if data["changed"] != sorted(data["before"]):
        wrong.append("changed: are not the fields of before")
    return wrong


@cache
def _strict_document() -> Any:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document
