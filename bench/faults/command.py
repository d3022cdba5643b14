"""The command of a harness: which experiments run, how, and where their results go."""

import asyncio
import secrets
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.faults.experiment import Experiment, Mode
from bench.faults.report import Result, print_table, write_json, write_markdown
from bench.faults.running import run_all
from bench.processes import OWN_ROOT, Tree

_WIDTH = 160
_COLUMNS = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())


def command_for(experiments: Sequence[Experiment], purpose: str) -> Callable[..., None]:
    """The command that performs these experiments."""

    def main(
        mode: Annotated[
            Mode, typer.Option(help="short: zeros and order, in minutes; full: all counts and figures.")
        ] = Mode.SHORT,
        seed: Annotated[int | None, typer.Option(help="Makes the same choices again; absent: new ones.")] = None,
        only: Annotated[
            str, typer.Option(help=f"Experiments, comma separated, of {experiments[0].id} to {experiments[-1].id}.")
        ] = "",
        tree: Annotated[Path, typer.Option(help="Working tree whose service is examined.")] = OWN_ROOT,
        json: Annotated[Path | None, typer.Option(help="Write the results to this file.")] = None,
        markdown: Annotated[Path | None, typer.Option(help="Write the table to this file.")] = None,
    ) -> None:
        chosen = _choose(experiments, only)
        # asked to end, it leaves as by Ctrl-C: every process that it started is ended
        signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
        seed = secrets.randbits(31) if seed is None else seed
        console = Console(width=None if sys.stdout.isatty() else _WIDTH)
        results = asyncio.run(_run(chosen, mode, seed, Tree(tree.resolve()), console))
        print_table(console, results, f"{mode} mode, seed {seed}")
        if json is not None:
            write_json(json, results, seed)
        if markdown is not None:
            write_markdown(markdown, results)
        raise typer.Exit(0 if all(result.has_passed for result in results) else 1)

    main.__doc__ = purpose
    return main


def _choose(experiments: Sequence[Experiment], only: str) -> list[Experiment]:
    wanted = [each.strip().upper() for each in only.split(",") if each.strip()]
    known = {experiment.id: experiment for experiment in experiments}
    if unknown := [each for each in wanted if each not in known]:
        raise typer.BadParameter(f"no such experiment: {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[each] for each in wanted] or list(experiments)


async def _run(experiments: list[Experiment], mode: Mode, seed: int, tree: Tree, console: Console) -> list[Result]:
    results = []
    with Progress(*_COLUMNS, console=console, transient=True) as progress:
        async for result in run_all(experiments, mode, seed, tree, progress):
            results.append(result)
            console.print(f"{result.experiment.id} {result.verdict} after {result.seconds:.0f} s")
            console.print(
                result.error or "\n".join(f"   {line}" for line in result.lines), markup=False, highlight=False
            )
    return results
