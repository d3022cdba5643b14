"""From the log to the receiver and back: one worker process, one endpoint, everything on this machine."""

import asyncio
import time
from dataclasses import dataclass

import asyncpg

from bench.cpu import cpu_seconds, family
from bench.deliveries.amount import Amount, fill, subscribe
from bench.faults.house import House
from bench.processes import Program

_LOOK_SECONDS = 0.05
_PATIENCE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Delivered:
    """From the first arrival until everything is settled; CPU in microseconds of each process per delivery."""

    per_second: float
    worker_microseconds: float
    postgres_microseconds: float
    receiver_microseconds: float


async def deliver(house: House, amount: Amount) -> Delivered:
    """Fill the log, start a worker, and measure until every delivery is settled; raises `TimeoutError`."""
    output = house.stage.folder / f"{house.database}-receiver.txt"
    receiver = Program(house.stage.tree, ("-m", "bench.deliveries.receiver"), output)
    receiver.start()
    try:
        url = f"http://127.0.0.1:{(await receiver.until_said(' is open')).split()[1]}"
        await subscribe(house, f"{url}/hook")
        owner = await house.open_owner()
        await fill(owner, house, amount)
        delivered = await _carry(house, owner, amount, receiver)
        await owner.close()
    finally:
        receiver.kill()
    return delivered


async def _carry(house: House, owner: asyncpg.Connection, amount: Amount, receiver: Program) -> Delivered:
    await house.start_workers(1)
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not await owner.fetchval("SELECT EXISTS (SELECT FROM webhook_attempts)"):
            await asyncio.sleep(_LOOK_SECONDS)
        processes = {
            "worker": [house.workers[0].pid],
            "postgres": family(house.stage.postgres_pid),
            "receiver": [receiver.pid],
        }
        before = {name: cpu_seconds(pids) for name, pids in processes.items()}
        settled_before, started = await _settled(owner), time.perf_counter()
        while await owner.fetchval("SELECT count(*) < $1 FROM webhook_attempts", amount.events):
            await asyncio.sleep(_LOOK_SECONDS * 4)
        seconds = time.perf_counter() - started
    count = await _settled(owner) - settled_before
    used = {name: (cpu_seconds(pids) - before[name]) / count * 1e6 for name, pids in processes.items()}
    return Delivered(count / seconds, used["worker"], used["postgres"], used["receiver"])


async def _settled(owner: asyncpg.Connection) -> int:
    count: int = await owner.fetchval("SELECT count(*) FROM webhook_deliveries WHERE status = 'delivered'")
    return count
