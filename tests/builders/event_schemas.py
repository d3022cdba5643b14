"""Events held against the committed document, strictly: what a schema does not name may not be there."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from jsonschema_rs import Draft202012Validator

from app.outbox.catalogue import EventType
from app.outbox.event import Event
from app.webhooks.examples import example_event

DOCUMENT = Path(__file__).parents[2] / "openapi" / "openapi.json"

NOT_EMITTED_YET: Mapping[EventType, str] = {
    EventType.CONTRACT_RENEWAL_DUE: "nothing watches the dates of contracts yet",
    EventType.TEAM_TARGET_ATTAINED: "attainment is computed when somebody asks; nothing watches it yet",
}


def mistakes_in(body: bytes) -> list[str]:
    """Everything in which an event is not what the document says, as `type: place: what is wrong`."""
    event = json.loads(body)
    errors = list(validator_of(event["type"]).iter_errors(event))
    places = [f"{'/'.join(str(part) for part in error.instance_path)}: {error.message}" for error in errors]
    return [f"{event['type']}: /{place}" for place in places or _wrong_changes(event["data"])]


def an_event(event_type: EventType) -> Event:
    """What an event of the type may say, for tests that look at how it travels only."""
    event, _ = example_event(event_type)
    return event


async def mistakes_in_log(url: str) -> list[str]:
    """The mistakes in all events of a database, one for each type and place, and types that should not be there yet."""
    found: dict[str, str] = {}
    connection = await asyncpg.connect(url)
    async with connection.transaction():
        async for row in connection.cursor("SELECT type, body FROM events", prefetch=1_000):
            found |= {":".join(each.split(":")[:2]): each for each in mistakes_in(row["body"])}
            if row["type"] in NOT_EMITTED_YET:
                found[row["type"]] = f"{row['type']}: is emitted, so it does not belong in NOT_EMITTED_YET"
    await connection.close()
    return list(found.values())


@cache
def validator_of(event_type: str) -> Draft202012Validator:
    """The validator of the body that the document's `webhooks` section gives for the type."""
    document = _strict_document()
    body = document["webhooks"][event_type]["post"]["requestBody"]["content"]["application/json"]["schema"]
    return Draft202012Validator({**body, "components": document["components"]}, validate_formats=True)


def _wrong_changes(data: Mapping[str, Any]) -> list[str]:
    old, new = data["before"], data["object"]
    wrong = [f"data/before/{name}: is as in object" for name in old if old[name] == new[name]]
    if data["changed"] != sorted(old):
        wrong.append("data/changed: are not the fields of before")
    return wrong


@cache
def _strict_document() -> Any:
    document = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document
