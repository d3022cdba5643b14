"""How long after its commit an event arrives, by Postgres' clock and the receiver's, which are the same machine's."""

import math
from collections.abc import Collection, Sequence

import asyncpg

from bench.faults.holdings import read_commit_times
from bench.faults.house import House


async def lags_ms(house: House, owner: asyncpg.Connection, leaving_out: Collection[str] = ()) -> list[float]:
    """Milliseconds from each event's commit to its first arrival at each endpoint, ascending."""
    committed = await read_commit_times(owner)
    lags = [
        (at - committed[event_id]) * 1000
        for receiver in house.receivers
        for (name, event_id), at in receiver.first_arrivals.items()
        if name not in leaving_out
    ]
    return sorted(lags)


def percentile(ascending: Sequence[float], share: float) -> float:
    """The value that so large a share does not exceed (nearest rank)."""
    return ascending[max(0, math.ceil(share * len(ascending)) - 1)] if ascending else math.inf
