"""E1: API processes are killed at random moments while transitions are made."""

import asyncio
from collections.abc import Sequence

from bench.faults.checker import check_answers, check_ledger
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.history import Answer, Asked
from bench.faults.holdings import read_holdings
from bench.faults.killing import kill_apis, moments_of
from bench.faults.walkers import Walkers
from bench.faults.watching import watched

_APIS = 2


async def _perform(run: Run) -> Findings:
    wanted, kills = run.pick(short=(300, 2), full=(20_000, 100))
    async with run.house() as house:
        await house.start_apis(_APIS)
        walkers = Walkers(house, run.rng, wanted)
        await walkers.open_deals(own=48, shared=8)
        moments = moments_of(run.rng, kills, wanted)
        async with watched(run, walkers), asyncio.TaskGroup() as tasks:
            tasks.create_task(walkers.walk())
            tasks.create_task(kill_apis(house, walkers, moments, run.rng))
        owner = await house.open_owner()
        holdings = await read_holdings(owner)
        await owner.close()
    findings = Findings(
        facts=[f"{kills} kills of {_APIS} API processes in {wanted:,} transitions", *tally(walkers.asked)]
    )
    findings.blame(check_answers(walkers.asked, holdings.transitions))
    findings.blame(check_ledger(holdings))
    findings.add("transitions without an answer", unsettled(walkers.asked), "=", 0)
    return findings


def tally(asked: Sequence[Asked]) -> list[str]:
    """How the transitions that were asked for ended."""
    counts = {answer: sum(each.answer is answer for each in asked) for answer in Answer}
    retried = sum(each.attempts > 1 for each in asked)
    replayed = sum(each.is_replayed for each in asked)
    ended = ", ".join(f"{count:,} {answer}" for answer, count in counts.items())
    return [f"{len(asked):,} asked: {ended}", f"{retried:,} retried with the same key, {replayed:,} of them replayed"]


def unsettled(asked: Sequence[Asked]) -> int:
    """How many transitions never got a definite answer."""
    return sum(each.answer is Answer.UNKNOWN for each in asked)


KILLED_APIS = Experiment(
    "E1",
    "kill -9 the API at random moments, 100 kills in 20,000 transitions",
    "0 transitions without event, 0 events without transition, 0 acknowledged lost, 0 doubled",
    _perform,
)
