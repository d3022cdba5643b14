"""What a criterion is: a fact that is asked for, how it stands, and what to call to change it."""

from collections.abc import Callable
from dataclasses import dataclass

from app.workflow.evidence import Evidence


@dataclass(frozen=True, slots=True)
class How:
    """The call that satisfies a criterion, and the permission action of a person who may make it.

    In `path`, `{id}` is the lead or deal itself; any other placeholder, as `{proposal_id}`, is a record of its own.
    """

    action: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """`how` is for deals; `lead_how` replaces it for leads where the call differs."""

    id: str
    description: str
    expected: str
    check: Callable[[Evidence], bool]
    actual: Callable[[Evidence], str]
    how: How
    lead_how: How | None = None


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """How a criterion stands; the fields are those of `Criterion` and `How`."""

    id: str
    description: str
    satisfied: bool
    expected: str
    actual: str
    action: str
    method: str
    path: str


def say_count(count: int, noun: str) -> str:
    """Such as "no contact", "1 contact", "2 contacts"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}s" if count else f"no {noun}"


def say_recorded(is_recorded: bool) -> str:  # noqa: FBT001 - the sentence of one fact
    return "recorded" if is_recorded else "not recorded"
