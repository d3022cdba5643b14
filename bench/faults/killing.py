"""Killing processes at moments that the seed chose, and starting them again."""

import asyncio
import random
from collections.abc import Callable, Sequence

from bench.faults.house import House
from bench.faults.load import Load
from bench.processes import Program

_LOOK_SECONDS = 0.01
_JITTER_SECONDS = 0.05


def moments_of(rng: random.Random, count: int, until: int) -> list[int]:
    """So many moments, as counts of what has happened by then."""
    return sorted(rng.sample(range(until // (count * 4) + 1, until), count))


async def kill_apis(house: House, load: Load, moments: Sequence[int], rng: random.Random) -> None:
    """Kill an API process at each moment, which counts what is done; clients wait when they are too far ahead."""
    for moment in moments:
        load.allowed = moment + load.count * 2
        while load.done < moment:
            await asyncio.sleep(_LOOK_SECONDS)
        api = rng.choice(house.apis)
        await house.until_ready(api)
        await asyncio.sleep(rng.random() * _JITTER_SECONDS)
        api.program.kill()
        api.program.start()
    load.allowed = None


async def kill_workers(
    workers: Sequence[Program], arrived: Callable[[], int], moments: Sequence[int], rng: random.Random
) -> int:
    """Kill a worker that works at each moment, which counts arrivals; gives how many were killed."""
    killed = 0
    for moment in moments:
        while arrived() < moment:
            await asyncio.sleep(_LOOK_SECONDS)
        victim = rng.choice(workers)
        await victim.until_said("worker started")
        await asyncio.sleep(rng.random() * _JITTER_SECONDS)
        victim.kill()
        victim.start()
        killed += 1
    return killed
