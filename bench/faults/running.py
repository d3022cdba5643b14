"""Running experiments one after the other on one stage."""

import random
import time
import traceback
from collections.abc import AsyncIterator, Sequence

from rich.progress import Progress

from bench.faults.experiment import Experiment, Findings, Mode, Run
from bench.faults.report import Result
from bench.processes import Tree
from bench.stage import opened


async def run_all(
    experiments: Sequence[Experiment], mode: Mode, seed: int, tree: Tree, progress: Progress
) -> AsyncIterator[Result]:
    """Run them; each makes its own choices from the seed, whichever others run beside it."""
    preparing = progress.add_task("Postgres and two organizations", total=None)
    async with opened(tree) as stage:
        progress.remove_task(preparing)
        for experiment in experiments:
            yield await _run_one(
                experiment, Run(experiment.id, stage, mode, _choices(seed, experiment), _silent), progress
            )


def _choices(seed: int, experiment: Experiment) -> random.Random:
    return random.Random(f"{seed} {experiment.id}")


def _silent(_what: str, _done: float, _all: float) -> None:
    """Nobody watches."""


async def _run_one(experiment: Experiment, run: Run, progress: Progress) -> Result:
    bar = progress.add_task(experiment.id, total=None)

    def tell(what: str, done: float, all_: float) -> None:
        progress.update(bar, description=f"{experiment.id} {what}", completed=done, total=all_)

    run.tell = tell
    started = time.monotonic()
    findings, error = Findings(), None
    try:
        findings = await experiment.perform(run)
    except Exception:  # noqa: BLE001 # one experiment that breaks must not hide what the others find
        error = traceback.format_exc()
    progress.remove_task(bar)
    return Result(experiment, run.mode, time.monotonic() - started, findings, error)
