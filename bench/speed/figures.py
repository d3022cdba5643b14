"""From rounds to figures: medians of each side, their ratio, and whether a goal is met."""

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.speed.jobs import JOBS, SLOTS, Goal
from bench.speed.measuring import Cell

_P99_GOAL, _P99_STRETCH = 2.0, 1.0
_GROWTH_GOAL, _GROWTH_STRETCH = 1.3, 1.1


class Verdict(StrEnum):
    """Whether a goal is met."""

    STRETCH = "stretch met"
    MET = "met"
    MISSED = "missed"
    NONE = "–"


@dataclass(frozen=True, slots=True)
class Medians:
    """One side's medians over the rounds, in the units of `Cell`."""

    per_second: float
    p50: float
    p99: float
    python: float
    postgres: float
    client: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """A job at so many connections: both sides, and their ratio with its spread over the rounds."""

    deals: int
    job: str
    connections: int
    floor: Medians
    service: Medians
    lowest_ratio: float
    highest_ratio: float
    goal: Goal | None

    @property
    def ratio(self) -> float:
        """Requests per second, service ÷ floor."""
        return self.service.per_second / self.floor.per_second

    @property
    def p99_ratio(self) -> float:
        """Time of the slowest hundredth, service ÷ floor."""
        return self.service.p99 / self.floor.p99

    @property
    def cost_ratio(self) -> float:
        """Processor time per request, Python and Postgres, service ÷ floor; other programs move it less than rates."""
        return _cost(self.service) / _cost(self.floor)

    @property
    def verdict(self) -> Verdict:
        """Whether the goal of requests per second is met."""
        return Verdict.NONE if self.goal is None else at_least(self.ratio, self.goal.least, self.goal.stretch)

    @property
    def p99_verdict(self) -> Verdict:
        """Whether the goal of the slowest hundredth is met, which is about 32 connections."""
        if self.connections != SLOTS:
            return Verdict.NONE
        return at_most(self.p99_ratio, _P99_GOAL, _P99_STRETCH)


@dataclass(frozen=True, slots=True)
class Growth:
    """How much dearer a job of the service is with more deals: processor time per request."""

    job: str
    fewest: int
    most: int
    factor: float

    @property
    def verdict(self) -> Verdict:
        """Whether the goal is met."""
        return at_most(self.factor, _GROWTH_GOAL, _GROWTH_STRETCH)


def at_least(value: float, goal: float, stretch: float) -> Verdict:
    """The verdict on a figure that should be large."""
    return Verdict.STRETCH if value >= stretch else Verdict.MET if value >= goal else Verdict.MISSED


def at_most(value: float, goal: float, stretch: float) -> Verdict:
    """The verdict on a figure that should be small."""
    return Verdict.STRETCH if value <= stretch else Verdict.MET if value <= goal else Verdict.MISSED


def compare(deals: int, cells: Sequence[Cell]) -> list[Comparison]:
    """Each job at each number of connections, in the order of `JOBS`."""
    found = []
    for job in JOBS:
        for connections in sorted({cell.connections for cell in cells if cell.job == job.name}):
            here = [cell for cell in cells if cell.job == job.name and cell.connections == connections]
            floor, service = ([cell for cell in here if cell.side == side] for side in ("floor", "service"))
            ratios = [ours.per_second / theirs.per_second for ours, theirs in zip(service, floor, strict=True)]
            sides = _medians(floor), _medians(service)
            found.append(Comparison(deals, job.name, connections, *sides, min(ratios), max(ratios), job.goal))
    return found


def growth_of(comparisons: Iterable[Comparison]) -> list[Growth]:
    """Each job with the fewest deals against the same with the most, at the most connections that both have."""
    by_size: dict[int, dict[tuple[str, int], Comparison]] = {}
    for each in comparisons:
        by_size.setdefault(each.deals, {})[each.job, each.connections] = each
    if len(by_size) < 2:
        return []
    fewest, most = min(by_size), max(by_size)
    found = []
    for job in JOBS:
        shared = [place for place in by_size[fewest].keys() & by_size[most].keys() if place[0] == job.name]
        if shared:
            place = max(shared)
            factor = _cost(by_size[most][place].service) / _cost(by_size[fewest][place].service)
            found.append(Growth(job.name, fewest, most, factor))
    return found


def _cost(side: Medians) -> float:
    return side.python + side.postgres


def _medians(cells: Sequence[Cell]) -> Medians:
    names = Medians.__dataclass_fields__
    return Medians(**{name: statistics.median(getattr(cell, name) for cell in cells) for name in names})
