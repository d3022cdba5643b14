"""An event's row and bytes, as the service records them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from app.core.caller import Caller
from app.core.database import new_id
from app.outbox.event import timestamp

COLUMNS = """
    organization_id, id, type, subject_type, subject_id, sequence, occurred_at, pipeline_id, step, team_id, owner_id,
    body
"""


@dataclass(frozen=True, slots=True)
class Told:
    """What an event tells."""

    type: str
    record: Mapping[str, Any]
    before: Mapping[str, Any]
    sequence: int
    occurred_at: datetime
    transition: Mapping[str, Any] | None = None


def event_row(caller: Caller, told: Told) -> tuple[Any, ...]:
    """The values of `COLUMNS`."""
    event_id, record = new_id(), told.record
    noun = told.type.partition(".")[0]
    return (
        caller.organization_id,
        event_id,
        told.type,
        noun,
        record["id"],
        told.sequence,
        told.occurred_at,
        record["pipeline_id"],
        record["step"],
        record["team_id"],
        record["owner_id"],
        _render(caller, told, event_id, noun),
    )


def _render(caller: Caller, told: Told, event_id: UUID, noun: str) -> bytes:
    data: dict[str, Any] = {"object": told.record, "before": told.before, "changed": sorted(told.before)}
    if told.transition is not None:
        data["transition"] = told.transition
    return to_json(
        {
            "id": event_id,
            "type": told.type,
            "timestamp": timestamp(told.occurred_at),
            "organization_id": caller.organization_id,
            "subject": {"type": noun, "id": told.record["id"], "sequence": told.sequence},
            "actor": {"type": "user", "id": caller.user_id, "position": caller.position},
            "correlation_id": new_id(),
            "data": data,
        }
    )
