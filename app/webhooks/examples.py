"""An example of each type of event: shown in the document, and sent as a test where the log has none."""

import json
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from app.core.caller import Caller
from app.outbox.catalogue import EventType
from app.outbox.event import Event, Subject, render
from app.webhooks.payloads import PAYLOADS

_EVENT_ID = UUID("0198c1f2-a7b4-7000-8000-000000000001")
_ORGANIZATION_ID = UUID("0198c1f2-a7b4-7000-8000-000000000002")
_CORRELATION_ID = "0198c1f2-a7b4-7000-8000-000000000003"
_OWNER_ID = UUID("0198c1f2-a7b4-7000-8000-000000000010")
_OWNER = Caller(_ORGANIZATION_ID, _OWNER_ID, "account_executive", None, ())
_OCCURRED_AT = datetime.fromisoformat("2026-11-23T10:58:03.123456Z")
_SEQUENCE_IN_DEAL = 7


def example_of(event_type: EventType) -> dict[str, Any]:
    """A whole event of the type, always the same."""
    event, subject = example_event(event_type)
    is_own_doing = event_type is EventType.WEBHOOK_ENDPOINT_DISABLED
    actor = Caller.system(_ORGANIZATION_ID) if is_own_doing else _OWNER
    body: dict[str, Any] = json.loads(render(event, _EVENT_ID, _OCCURRED_AT, subject, actor))
    return body | {"correlation_id": _CORRELATION_ID}


def example_event(event_type: EventType) -> tuple[Event, Subject]:
    """What happened in the example, and to whom."""
    payload, example = PAYLOADS[event_type], _examples()["events"].get(event_type, {})
    changes: dict[str, tuple[Any, Any]] = example.get("changes", {})
    record = _examples()["records"][payload.model.__name__] | {name: new for name, (_, new) in changes.items()}
    record |= example.get("object", {})
    if "version" in record:
        record["version"] += bool(changes)
    event = Event(event_type, record, {name: old for name, (old, _) in changes.items()}, example.get("transition"))
    noun = payload.subjects[0]
    is_itself = f"{noun}_id" not in record
    subject_id = record["id"] if is_itself else record[f"{noun}_id"]
    return event, Subject(noun, UUID(subject_id), record.get("version", 1) if is_itself else _SEQUENCE_IN_DEAL)


@cache
def _examples() -> dict[str, dict[str, Any]]:
    """Records by model; of each type what changes, as old and new value, what else is other, and the transition."""
    found: dict[str, dict[str, Any]] = json.loads(files("app.webhooks").joinpath("examples.json").read_text("utf-8"))
    return found
