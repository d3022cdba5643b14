"""E4: the connection to Postgres breaks during the COMMIT of a transition, and the client asks again with its key."""

import random
from dataclasses import dataclass

from bench.faults.checker import check_answers, check_ledger
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.experiments.killed_apis import tally, unsettled
from bench.faults.holdings import read_holdings
from bench.faults.postgres_proxy import Cut, PostgresProxy
from bench.faults.walkers import Walkers
from bench.faults.watching import watched

_CHANCE = 0.25


@dataclass(slots=True)
class _Scissors:
    """Chooses which COMMITs are cut, and where, until there were enough."""

    rng: random.Random
    left: int

    def choose(self) -> Cut | None:
        if self.left == 0 or self.rng.random() > _CHANCE:
            return None
        self.left -= 1
        return self.rng.choice(list(Cut))


async def _perform(run: Run) -> Findings:
    cuts = run.pick(short=20, full=500)
    scissors = _Scissors(run.rng, 0)
    async with PostgresProxy(run.stage.socket, scissors.choose) as proxy, run.house() as house:
        house.service_url = run.stage.service_url_at(house.database, proxy.port)
        await house.start_apis(1)
        walkers = Walkers(house, run.rng, wanted=cuts * 6, count=8)
        await walkers.open_deals(own=24, shared=4)
        scissors.left = cuts
        async with watched(run, walkers):
            await walkers.walk()
        owner = await house.open_owner()
        holdings = await read_holdings(owner)
        await owner.close()
    findings = Findings(facts=[*(f"{count} cut {cut}" for cut, count in proxy.cuts.items()), *tally(walkers.asked)])
    findings.blame(check_answers(walkers.asked, holdings.transitions))
    findings.blame(check_ledger(holdings))
    findings.add("cuts", proxy.cuts.total(), "=", cuts)
    findings.add("transitions without an answer", unsettled(walkers.asked), "=", 0)
    return findings


COMMIT_CUTS = Experiment(
    "E4",
    "connection cut during COMMIT, 500 times",
    "the keyed retry yields exactly one transition",
    _perform,
)
