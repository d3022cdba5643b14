"""Separation of duty: what the matrix cannot say, because it depends on whose record it is.

A duty refuses what the position and its reach would allow. It is asked by whoever does the deed, and by whoever
explains why it is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.core.caller import Caller
from app.core.problems import Forbidden


@dataclass(frozen=True, slots=True)
class Duty:
    """A rule with its name, its words, and the callers and records (with `owner_id` and `team_id`) that it refuses."""

    code: str
    words: str
    refuses: Callable[[Caller, Mapping[str, Any]], bool]


def is_own(caller: Caller, record: Mapping[str, Any]) -> bool:
    """Whether the record belongs to the caller."""
    return bool(record["owner_id"] == caller.user_id)


def broken_duty(duties: tuple[Duty, ...], caller: Caller, record: Mapping[str, Any]) -> Duty | None:
    """The first duty that refuses the caller."""
    return next((duty for duty in duties if duty.refuses(caller, record)), None)


def demand_duties(duties: tuple[Duty, ...], caller: Caller, record: Mapping[str, Any]) -> None:
    """Raise `Forbidden`, in the duty's words, when one refuses the caller."""
    broken = broken_duty(duties, caller, record)
    if broken is not None:
        raise Forbidden(broken.words)
