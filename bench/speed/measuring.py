"""Rounds of load, the floor and the service in turn, and what each request cost."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from bench.speed.client import Load, ask, load
from bench.speed.jobs import JOBS, SLOTS, Job
from bench.speed.sides import Side

_PATIENCE_SECONDS = 1.0  # of a request that waits for a connection of the pool
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured: rounds of so many seconds, at so many connections; all jobs unless some are named."""

    rounds: int
    seconds: float
    connections: Sequence[int]
    only: Sequence[str] = ()

    @property
    def jobs(self) -> list[Job]:
        """Those that are measured, in their order."""
        return [job for job in JOBS if not self.only or job.name in self.only]

    def connections_for(self, job: Job, seconds_alone: float) -> list[int]:
        """At how many connections a job is measured: not at so many that requests are refused for waiting too long."""
        bearable = [each for each in self.connections if each * seconds_alone <= _PATIENCE_SECONDS]
        return [each for each in bearable if each <= job.most_connections] or [1]


@dataclass(frozen=True, slots=True)
class Cell:
    """One side's round of one job; times are milliseconds, costs microseconds of processor time per request."""

    job: str
    side: str
    connections: int
    per_second: float
    p50: float
    p99: float
    python: float
    postgres: float
    client: float
    count: int


@dataclass(slots=True)
class Measured:
    """All rounds, and the statuses that were not expected, by job and side."""

    cells: list[Cell] = field(default_factory=list)
    wrong: dict[str, dict[int, int]] = field(default_factory=dict)


async def measure(sides: tuple[Side, Side], plan: Plan, tell: Tell) -> Measured:
    """Measure every job, the slow ones at few connections."""
    measured = Measured()
    for job in plan.jobs:
        requests = {side.name: [job.requests(side.supply, slot) for slot in range(SLOTS)] for side in sides}
        seconds = [await _warm_up(side, requests[side.name]) for side in sides]
        for connections in plan.connections_for(job, max(seconds)):
            tell(f"{job.name}, {connections} connections")
            for number in range(plan.rounds):
                for side in sides if number % 2 else reversed(sides):
                    await _round(measured, job, side, requests[side.name][:connections], plan.seconds)
    return measured


async def _warm_up(side: Side, requests: Sequence[Iterator[bytes]]) -> float:
    """Send some requests, so that plans are made and caches are filled; how long the last one took."""
    for each in requests[:12]:
        await ask(side.port, next(each))
    started = time.perf_counter()
    await ask(side.port, next(requests[12]))
    return time.perf_counter() - started


async def _round(measured: Measured, job: Job, side: Side, requests: list[Iterator[bytes]], seconds: float) -> None:
    python_before, postgres_before = side.cpu_seconds()
    done = await load(side.port, requests, seconds)
    python, postgres = side.cpu_seconds()
    count = max(done.count, 1)
    measured.cells.append(
        Cell(
            job=job.name,
            side=side.name,
            connections=len(requests),
            per_second=done.count / done.seconds,
            p50=done.percentile(0.5) * 1e3,
            p99=done.percentile(0.99) * 1e3,
            python=(python - python_before) / count * 1e6,
            postgres=(postgres - postgres_before) / count * 1e6,
            client=done.client_cpu_seconds / count * 1e6,
            count=done.count,
        )
    )
    if wrong := _unexpected(job, done):
        measured.wrong[f"{job.name}, {side.name}"] = dict(wrong)


def _unexpected(job: Job, done: Load) -> Counter[int]:
    wrong = Counter({status: count for status, count in done.statuses.items() if status != job.status})
    return wrong if done.count else wrong + Counter({0: 1})
