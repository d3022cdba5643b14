"""The report: for machines as JSON, for documents as Markdown."""

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from bench.speed.figures import Comparison, Growth, Verdict, growth_of
from bench.speed.singles import Single


@dataclass(slots=True)
class Report:
    """Everything that a run found; `failures` must be empty."""

    command: str
    load_before: float
    comparisons: list[Comparison] = field(default_factory=list)
    singles: list[Single] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def growth(self) -> list[Growth]:
        """The service's growth over the sizes that were measured."""
        return growth_of(self.comparisons)

    def write_json(self, path: Path) -> None:
        """Write all figures for machines."""
        told = {
            "command": self.command,
            "machine": _machine(self.load_before),
            "comparisons": [
                asdict(each)
                | {"ratio": each.ratio, "p99_ratio": each.p99_ratio}
                | {"cost_ratio": each.cost_ratio, "verdict": each.verdict}
                for each in self.comparisons
            ],
            "growth": [asdict(each) | {"verdict": each.verdict} for each in self.growth],
            "singles": [asdict(each) for each in self.singles],
            "failures": self.failures,
        }
        path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    def write_markdown(self, path: Path) -> None:
        """Write the tables for a document."""
        path.write_text(self.markdown + "\n", encoding="utf-8")

    @property
    def markdown(self) -> str:
        """All tables."""
        machine = "; ".join(f"{name}: {value}" for name, value in _machine(self.load_before).items())
        parts = [f"`{self.command}`", machine]
        for deals in sorted({each.deals for each in self.comparisons}, reverse=True):
            here = [each for each in self.comparisons if each.deals == deals]
            parts += [f"### {deals:,} deals", _rates(here), _costs(here)]
        if self.growth:
            parts += [_growth(self.growth)]
        if self.singles:
            parts += ["### Others", _singles(self.singles)]
        parts += [f"Failed: {failure}" for failure in self.failures]
        return "\n\n".join(parts)


def _machine(load_before: float) -> dict[str, str]:
    return {
        "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "processor": f"{os.cpu_count()} × {_processor()}",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "load average before": f"{load_before:.1f}",
    }


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    names = [line.partition(":")[2].strip() for line in path.read_text().splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _rates(comparisons: Iterable[Comparison]) -> str:
    head = ("job", "connections", "floor /s", "service /s", "ratio", "lowest–highest", "goal", "", "p99 ratio", "")
    return _table(
        head,
        [
            (
                each.job,
                str(each.connections),
                f"{each.floor.per_second:,.0f}",
                f"{each.service.per_second:,.0f}",
                f"{each.ratio:.2f}",
                f"{each.lowest_ratio:.2f}–{each.highest_ratio:.2f}",
                f"≥ {each.goal.least}" if each.goal else "",
                each.verdict,
                f"{each.p99_ratio:.2f}",
                each.p99_verdict,
            )
            for each in comparisons
        ],
    )


def _costs(comparisons: Iterable[Comparison]) -> str:
    head = (
        "floor, then service",
        "connections",
        "p50 ms",
        "p99 ms",
        "Python µs",
        "Postgres µs",
        "cost ratio",
        "client µs",
    )
    return _table(
        head,
        [
            (
                each.job,
                str(each.connections),
                f"{each.floor.p50:.2f}, {each.service.p50:.2f}",
                f"{each.floor.p99:.2f}, {each.service.p99:.2f}",
                f"{each.floor.python:,.0f}, {each.service.python:,.0f}",
                f"{each.floor.postgres:,.0f}, {each.service.postgres:,.0f}",
                f"{each.cost_ratio:.2f}",
                f"{each.floor.client:,.0f}, {each.service.client:,.0f}",
            )
            for each in comparisons
        ],
    )


def _growth(growth: Iterable[Growth]) -> str:
    head = ("processor time per request, service", "growth", "goal", "")
    rows = [(each.job, f"{each.factor:.2f}", "≤ 1.3", each.verdict) for each in growth]
    return _table(head, rows)


def _singles(singles: Iterable[Single]) -> str:
    rows = [(each.name, f"{each.value:,.4g}{each.unit}", each.goal, each.verdict) for each in singles]
    return _table(("figure", "measured", "goal", ""), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str | Verdict]]) -> str:
    rule = ["---", *["--:" for _ in head[1:]]]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in [head, rule, *rows])
