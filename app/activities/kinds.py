"""The words for activities: what was done, and what became of the plan."""

from enum import StrEnum


class ActivityKind(StrEnum):
    """What is done."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"
    NETWORKING = "networking"
    SOCIAL = "social"
    PRESENTATION = "presentation"
    DEMONSTRATION = "demonstration"
    TASK = "task"
    NOTE = "note"


class ActivityStatus(StrEnum):
    """Planned, or what became of the plan."""

    PLANNED = "planned"
    HELD = "held"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class NewActivityStatus(StrEnum):
    """How an activity may start: as a plan, or as something that was held already."""

    PLANNED = "planned"
    HELD = "held"


class ActivityResult(StrEnum):
    """How a planned activity may end."""

    HELD = "held"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
