"""What clients asked and heard, what the database holds, and what receivers got: all that the checker knows."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Answer(StrEnum):
    """What a client knows about a transition that it asked for."""

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Asked:
    """One transition that a client wanted; the key travels as its `reason`, so that it is found in the ledger."""

    key: str
    deal_id: str
    to_stage: str
    answer: Answer = Answer.UNKNOWN
    transition_id: str | None = None
    attempts: int = 0
    is_replayed: bool = False


@dataclass(frozen=True, slots=True)
class Heard:
    """A definite answer: its status, its bytes, and the headers that speak of the record."""

    status: int
    body: bytes
    headers: tuple[str | None, ...]
    is_replayed: bool


@dataclass(slots=True)
class Repeated:
    """One request under one key, and what each of its senders heard; nothing where patience ended."""

    key: str
    path: str
    body: dict[str, Any]
    heard: list[Heard | None] = field(default_factory=list)
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the ledger."""

    id: str
    organization_id: str
    deal_id: str
    from_stage: str
    to_stage: str
    key: str | None
    event_id: str | None
    sequence: int | None
    record_version: int


@dataclass(frozen=True, slots=True)
class Event:
    """A row of the log; `is_consistent` tells whether its bytes name the same id, type, subject and number."""

    id: str
    organization_id: str
    type: str
    subject_id: str
    sequence: int
    step: str | None
    occurred_at: datetime
    sha256: str
    is_consistent: bool = True


@dataclass(frozen=True, slots=True)
class Deal:
    """A deal as it stands."""

    id: str
    stage: str


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A subscription; `name` is the receiver's word for it."""

    id: str
    name: str
    organization_id: str
    event_types: tuple[str, ...]
    steps: tuple[str, ...] | None
    created_at: datetime

    def wants(self, event: Event) -> bool:
        """Whether an event of its own organization is selected."""
        noun = event.type.partition(".")[0]
        is_type = any(pattern in {"*", f"{noun}.*", event.type} for pattern in self.event_types)
        return is_type and (self.steps is None or event.step in self.steps)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the database holds at the end."""

    transitions: list[Transition]
    events: list[Event]
    deals: list[Deal]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that reached a receiver; `number` counts all of them, in the order of their arrival."""

    number: int
    at: float
    endpoint: str
    event_id: str
    sha256: str
    is_signed: bool = True


@dataclass(frozen=True, slots=True)
class Answered:
    """What the receiver said to the message of that number; the connection may be gone by then."""

    number: int
    at: float
    status: int


@dataclass(slots=True)
class ReceiverLog:
    """Arrivals and answers in the order in which they happened."""

    entries: list[Arrival | Answered] = field(default_factory=list)

    @property
    def arrivals(self) -> Iterator[Arrival]:
        """The messages only."""
        return (entry for entry in self.entries if isinstance(entry, Arrival))
