"""One event: its envelope, and its bytes, rendered once inside the business transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from app.core.caller import SYSTEM, Caller
from app.core.request_log import current_request_id


@dataclass(frozen=True, slots=True)
class Subject:
    """The aggregate an event is about; its events are numbered 1, 2, 3 … without gaps.

    `last_sequence` is the number of its newest event, read under its lock (or checked when it is written).
    """

    type: str
    id: UUID
    last_sequence: int


@dataclass(frozen=True, slots=True)
class Routing:
    """What endpoints may filter by; not part of the body."""

    pipeline_id: UUID | None = None
    step: str | None = None
    team_id: UUID | None = None
    owner_id: UUID | None = None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> "Routing":
        """The routing of a lead's, a deal's or an account's row."""
        return cls(**{name: record.get(name) for name in ("pipeline_id", "step", "team_id", "owner_id")})


@dataclass(frozen=True, slots=True)
class Event:
    """What happened: `type` is `noun.verb_in_past`, `object` the record after it, `before` the changed fields only."""

    type: str
    object: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    transition: Mapping[str, Any] | None = None
    routing: Routing = Routing()
    occurred_at: datetime | None = None

    @property
    def changed(self) -> Sequence[str]:
        """Names of the fields that changed."""
        return sorted(self.before)


def render(event: Event, event_id: UUID, occurred_at: datetime, subject: Subject, actor: Caller) -> bytes:
    """The event's envelope as JSON bytes; `subject.last_sequence` is the event's own number."""
    data: dict[str, Any] = {"object": event.object, "before": event.before, "changed": event.changed}
    if event.transition is not None:
        data["transition"] = event.transition
    return to_json(
        {
            "id": event_id,
            "type": event.type,
            "timestamp": timestamp(occurred_at),
            "organization_id": actor.organization_id,
            "subject": {"type": subject.type, "id": subject.id, "sequence": subject.last_sequence},
            "actor": _actor(actor),
            "correlation_id": current_request_id(),
            "data": data,
        }
    )


def _actor(caller: Caller) -> dict[str, Any]:
    if caller.position == SYSTEM:
        return {"type": "system", "id": None, "position": None}
    return {"type": "user", "id": caller.user_id, "position": caller.position}


def timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, as in `2026-11-23T10:58:03.123456Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
