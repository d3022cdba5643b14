"""E3: Postgres stops as after a loss of power, and backends are terminated, while deals move."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from bench.faults.checker import check_answers, check_ledger
from bench.faults.delivery import check_receivers, until_delivered
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.experiments.killed_apis import tally, unsettled
from bench.faults.experiments.killed_workers import subscribe_all
from bench.faults.holdings import read_holdings
from bench.faults.house import House
from bench.faults.walkers import Walkers
from bench.faults.watching import watched

_TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM (
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND application_name LIKE 'stageline:%' ORDER BY random() LIMIT $1
) AS victims
"""
_RESUMED_SECONDS = 5.0
_QUIET_SECONDS = 1.0
_BATCH = 4


@dataclass(slots=True)
class _Trouble:
    """Terminates backends and stops Postgres, and measures how soon deliveries go on."""

    house: House
    rng: random.Random
    stops: int
    terminations: int
    terminated: int = 0
    resumed_seconds: list[float] = field(default_factory=list)

    async def make(self) -> None:
        share = self.terminations // self.stops
        for number in range(1, self.stops + 1):
            await self._terminate(self.terminations if number == self.stops else share * number)
            await self._stop_and_start()

    async def _terminate(self, until: int) -> None:
        owner = await self.house.open_owner()
        while self.terminated < until:
            await asyncio.sleep(self.rng.random() * 0.2)
            self.terminated += await owner.fetchval(_TERMINATE, min(_BATCH, until - self.terminated))
        await owner.close()

    async def _stop_and_start(self) -> None:
        await asyncio.sleep(_QUIET_SECONDS + self.rng.random())
        await self.house.stage.stop_postgres_at_once()
        await asyncio.sleep(self.rng.random())
        await self.house.stage.start_postgres()
        started_at = time.time()
        self.resumed_seconds.append(await self._next_arrival(started_at) - started_at)

    async def _next_arrival(self, since: float) -> float:
        async with asyncio.timeout(60):
            while True:
                for receiver in self.house.receivers:
                    receiver.read()
                later = [
                    at for receiver in self.house.receivers for at in receiver.first_arrivals.values() if at > since
                ]
                if later:
                    return min(later)
                await asyncio.sleep(0.05)


async def _perform(run: Run) -> Findings:
    stops, terminations = run.pick(short=(2, 20), full=(20, 2_000))
    async with run.house() as house:
        await house.start(workers=2)
        await subscribe_all(house)
        walkers = Walkers(house, run.rng, wanted=1_000_000, per_second=run.pick(short=40, full=60))
        await walkers.open_deals(own=run.pick(short=60, full=400), shared=8)
        processes = [house.apis[0].program, *house.workers]
        pids = [program.pid for program in processes]
        trouble = _Trouble(house, run.rng, stops, terminations)
        async with watched(run, walkers), asyncio.TaskGroup() as tasks:
            tasks.create_task(walkers.walk())
            tasks.create_task(_until_over(trouble, walkers))
        owner = await house.open_owner()
        holdings = await read_holdings(owner)
        await until_delivered(house, holdings, lambda done, all_: run.tell("deliveries", done, all_))
        survivors = sum(program.is_running and program.pid == pid for program, pid in zip(processes, pids, strict=True))
        findings = Findings(facts=tally(walkers.asked))
        findings.blame(check_answers(walkers.asked, holdings.transitions))
        findings.blame(check_ledger(holdings))
        findings.blame(await check_receivers(house, owner, holdings))
        await owner.close()
    findings.add("immediate stops", len(trouble.resumed_seconds), "=", stops)
    findings.add("terminated backends", trouble.terminated, "≥", terminations)
    findings.add("processes that went on", survivors, "=", len(processes))
    findings.add("transitions without an answer", unsettled(walkers.asked), "=", 0)
    findings.add_timed("deliveries resumed after", max(trouble.resumed_seconds), "≤", _RESUMED_SECONDS, " s")
    return findings


async def _until_over(trouble: _Trouble, walkers: Walkers) -> None:
    await trouble.make()
    walkers.wanted = len(walkers.asked)


POSTGRES_OUTAGES = Experiment(
    "E3",
    "Postgres: 20 immediate stops, 2,000 terminated backends under load",
    "zeros as above; deliveries resume within 5 s without a restart of the service",
    _perform,
)
