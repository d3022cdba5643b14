"""Showing how far an experiment is, while it runs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from bench.faults.experiment import Run
from bench.faults.load import Load

_SHOW_SECONDS = 0.25


@asynccontextmanager
async def watched(run: Run, load: Load, what: str = "transitions") -> AsyncIterator[None]:
    """Show how much of it is done, for as long as the block lasts."""
    task = asyncio.create_task(_watch(run, load, what))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _watch(run: Run, load: Load, what: str) -> None:
    while True:
        run.tell(what, load.done, load.wanted)
        await asyncio.sleep(_SHOW_SECONDS)
