"""The command: `python -m bench.speed`."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench.faults.experiment import Mode
from bench.speed.jobs import JOBS
from bench.speed.measuring import Plan, Tell
from bench.speed.plot import draw
from bench.speed.report import Report
from bench.speed.running import Order, run
from bench.speed.singles import Amounts

_COLUMNS = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
_KEPT = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stageline-bench"
_SIZES = {Mode.SHORT: (2_000,), Mode.FULL: (10_000, 100_000, 1_000_000)}
_PLANS = {Mode.SHORT: Plan(2, 0.1, (1, 4)), Mode.FULL: Plan(3, 3.0, (1, 8, 32))}
_AMOUNTS = {Mode.SHORT: Amounts(1_000, 500, 1, Mode.SHORT), Mode.FULL: Amounts(30_000, 100_000, 5, Mode.FULL)}


def main(
    *,
    mode: Annotated[
        Mode, typer.Option(help="short: everything once, on little data; full: all sizes, half an hour.")
    ] = Mode.SHORT,
    deals: Annotated[str, typer.Option(help="Sizes, comma separated; absent: those of the mode.")] = "",
    seconds: Annotated[float, typer.Option(help="Length of a round; 0: the mode's.")] = 0.0,
    rounds: Annotated[int, typer.Option(help="Rounds of each side, of which the median counts; 0: the mode's.")] = 0,
    connections: Annotated[str, typer.Option(help="Comma separated, 32 at most; absent: the mode's.")] = "",
    only: Annotated[list[str] | None, typer.Option(help="A job by its name; may be given several times.")] = None,
    singles: Annotated[bool, typer.Option(help="Also webhooks, import, start and memory.")] = True,
    home: Annotated[Path, typer.Option(help="Where Postgres and its templates are kept.")] = _KEPT,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the tables to this file.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Draw the ratios at the largest size into this file (SVG).")] = None,
) -> None:
    """Measure the service against the floor, in rounds that take turns, and judge every goal."""
    # asked to end, it leaves as by Ctrl-C: every process that it started is ended
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    of_mode = _PLANS[mode]
    plan = Plan(
        rounds or of_mode.rounds,
        seconds or of_mode.seconds,
        _numbers(connections) or of_mode.connections,
        _known_jobs(only),
    )
    order = Order(_numbers(deals) or _SIZES[mode], plan, _AMOUNTS[mode] if singles else None, home.absolute())
    report = Report(" ".join(["python -m bench.speed", *sys.argv[1:]]), os.getloadavg()[0])
    console = Console(width=None if sys.stdout.isatty() else 160)
    try:
        with Progress(*_COLUMNS, console=console, transient=True) as progress:
            uvloop.run(run(order, report, _telling(progress)))
    except KeyboardInterrupt:
        report.failures.append("ended before it was done")
    console.print(Markdown(report.markdown))
    _write(report, json, markdown, plot)
    raise typer.Exit(1 if report.failures else 0)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(each) for each in text.split(",") if each.strip())


def _known_jobs(names: list[str] | None) -> list[str]:
    known = [job.name for job in JOBS]
    if unknown := [name for name in names or [] if name not in known]:
        raise typer.BadParameter(f"no such job: {'; '.join(unknown)}; there are {'; '.join(known)}")
    return names or []


def _telling(progress: Progress) -> Tell:
    bar = progress.add_task("", total=None)

    def tell(what: str) -> None:
        progress.update(bar, description=what)
        if not progress.console.is_terminal:
            progress.console.print(what, highlight=False)

    return tell


def _write(report: Report, json: Path | None, markdown: Path | None, plot: Path | None) -> None:
    if json is not None:
        report.write_json(json)
    if markdown is not None:
        report.write_markdown(markdown)
    if plot is not None and report.comparisons:
        most = max(each.deals for each in report.comparisons)
        draw(plot, [each for each in report.comparisons if each.deals == most])


if __name__ == "__main__":
    typer.run(main)
