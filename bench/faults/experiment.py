"""What an experiment is: a requirement, a deed that tries to break it, and the figures that say whether it did."""

import operator
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bench.faults.checker import Violation
from bench.faults.house import House, housed
from bench.stage import Stage

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {"=": operator.eq, "≤": operator.le, "≥": operator.ge}
_SHOWN_VIOLATIONS = 5


class Mode(StrEnum):
    """How much is done: `short` shows zeros and order in minutes, `full` the counts of the requirements."""

    SHORT = "short"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure and its bound; one that is about speed is a verdict in full mode only."""

    name: str
    value: float
    comparison: str
    bound: float
    unit: str = ""
    is_timed: bool = False

    @property
    def holds(self) -> bool:
        """Whether the bound is kept."""
        return _COMPARISONS[self.comparison](self.value, self.bound)

    @property
    def text(self) -> str:
        """As it is shown."""
        mark = "" if self.holds else " ✗"
        return f"{self.name}: {self.value:,.6g}{self.unit} ({self.comparison} {self.bound:,.6g}{self.unit}){mark}"


@dataclass(slots=True)
class Findings:
    """What an experiment found; `facts` say how hard it tried."""

    figures: list[Figure] = field(default_factory=list)
    facts: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)

    def add(self, name: str, value: float, comparison: str, bound: float, unit: str = "") -> None:
        """A figure that must hold in every mode."""
        self.figures.append(Figure(name, value, comparison, bound, unit))

    def add_timed(self, name: str, value: float, comparison: str, bound: float, unit: str = "") -> None:
        """A figure about speed."""
        self.figures.append(Figure(name, value, comparison, bound, unit, is_timed=True))

    def blame(self, violations: Iterable[Violation]) -> None:
        """Violations of the promise; there must be none."""
        self.violations += violations

    def holds(self, mode: Mode) -> bool:
        """Whether the requirement is met, as far as the mode can tell."""
        judged = (figure for figure in self.figures if mode is Mode.FULL or not figure.is_timed)
        return not self.violations and all(figure.holds for figure in judged)

    @property
    def lines(self) -> list[str]:
        """All figures, facts and the first violations, as they are shown."""
        counts = Counter(violation.kind for violation in self.violations)
        return [
            *(figure.text for figure in self.figures),
            f"violations: {len(self.violations)}",
            *(f"✗ {count} × {kind}" for kind, count in counts.most_common()),
            *(f"  {violation.kind}: {violation.detail}" for violation in self.violations[:_SHOWN_VIOLATIONS]),
            *self.facts,
        ]


Tell = Callable[[str, float, float], None]


@dataclass(slots=True)
class Run:
    """One run of an experiment: where, how much, with which choices; `tell` shows how far it is."""

    id: str
    stage: Stage
    mode: Mode
    rng: random.Random
    tell: Tell

    def pick(self, *, short: Any, full: Any) -> Any:
        """The amount for this mode."""
        return full if self.mode is Mode.FULL else short

    def house(self, suffix: str = "", **settings: str) -> AbstractAsyncContextManager[House]:
        """A service of its own."""
        return housed(self.stage, f"{self.id.lower()}{suffix}", **settings)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A row of the table of requirements."""

    id: str
    requirement: str
    passes: str
    perform: Callable[[Run], Awaitable[Findings]]
