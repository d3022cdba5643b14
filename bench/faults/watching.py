"""Showing how far an experiment is, while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bench.faults.experiment import Run
from bench.faults.walkers import Walkers

_SHOW_SECONDS = 0.25


@asynccontextmanager
async def watched(run: Run, walkers: Walkers) -> AsyncIterator[None]:
    """Show the walkers' progress for as long as the block lasts."""
    task = asyncio.create_task(_watch(run, walkers))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(run: Run, walkers: Walkers) -> None:
    while True:
        run.tell("transitions", walkers.done, walkers.wanted)
        await asyncio.sleep(_SHOW_SECONDS)
