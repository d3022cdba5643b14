"""The table of what was required, measured and concluded: for people, for machines, and for documents."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.faults.experiment import Experiment, Findings, Mode


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an experiment; without findings it broke off with `error`."""

    experiment: Experiment
    mode: Mode
    seconds: float
    findings: Findings
    error: str | None = None

    @property
    def has_passed(self) -> bool:
        """Whether the requirement is met."""
        return self.error is None and self.findings.holds(self.mode)

    @property
    def verdict(self) -> str:
        """One word."""
        return "passed" if self.has_passed else "FAILED"

    @property
    def lines(self) -> list[str]:
        """What was measured."""
        return [self.error.splitlines()[-1][:300]] if self.error else self.findings.lines


_COLUMNS = ("id", "requirement", "passes when", "measured", "verdict", "seconds")


def print_table(console: Console, results: Sequence[Result], heading: str) -> None:
    """Show all results."""
    table = Table(*_COLUMNS, title=heading, show_lines=True)
    for result in results:
        style = "green" if result.has_passed else "bold red"
        cells = _cells(result)
        table.add_row(*cells[:4], f"[{style}]{cells[4]}[/]", cells[5])
    console.print(table)


def write_json(path: Path, results: Sequence[Result], seed: int) -> None:
    """Write all results for machines."""
    rows = [
        {
            "id": result.experiment.id,
            "requirement": result.experiment.requirement,
            "passes": result.experiment.passes,
            "verdict": result.verdict,
            "seconds": round(result.seconds, 1),
            "figures": [asdict(figure) | {"holds": figure.holds} for figure in result.findings.figures],
            "facts": result.findings.facts,
            "violations": [asdict(violation) for violation in result.findings.violations],
            "error": result.error,
        }
        for result in results
    ]
    told = {"seed": seed, "mode": results[0].mode if results else None, "experiments": rows}
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_markdown(path: Path, results: Sequence[Result]) -> None:
    """Write the table for a document."""
    rows = [_COLUMNS, ("---",) * len(_COLUMNS), *(_cells(result) for result in results)]
    lines = ["| " + " | ".join(cell.replace("\n", "<br>").replace("|", "\\|") for cell in row) + " |" for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _cells(result: Result) -> tuple[str, ...]:
    experiment = result.experiment
    measured = "\n".join(result.lines)
    return (experiment.id, experiment.requirement, experiment.passes, measured, result.verdict, f"{result.seconds:.0f}")
