"""E2: workers are killed while they deliver to five endpoints, one of which refuses now and then."""

import asyncio

import asyncpg

from bench.faults.behaviour import Behaviour, Manner
from bench.faults.checker import check_answers, check_ledger
from bench.faults.delivery import arrived, check_receivers, end_leases, until_delivered
from bench.faults.delivery_checker import Ledger, duplicates
from bench.faults.experiment import Experiment, Findings, Mode, Run
from bench.faults.experiments.killed_apis import tally
from bench.faults.holdings import read_holdings
from bench.faults.house import House
from bench.faults.killing import kill_workers, moments_of
from bench.faults.walkers import Walkers
from bench.faults.watching import watched

_IN_FLIGHT = 50


async def subscribe_all(house: House) -> None:
    """Five endpoints of ours with different wishes at two receivers, and one of the other organization."""
    first, second = await house.open_receiver(), await house.open_receiver()
    await house.subscribe(first, "deals", house.ours, "opportunity.*")
    await house.subscribe(first, "everything", house.ours, "*")
    await house.subscribe(second, "moves", house.ours, "opportunity.stage_changed")
    await house.subscribe(second, "one_step", house.ours, "opportunity.*", steps=["qualification", "presentation"])
    await house.subscribe(second, "stumbling", house.ours, "opportunity.*")
    await house.subscribe(first, "theirs", house.theirs, "*")
    await second.behave(house.session, "stumbling", Behaviour(Manner.STUMBLE, every=50))


async def _perform(run: Run) -> Findings:
    # a transition makes 1.25 events on average: those that lose or reopen a deal make two
    wanted, kills, workers = run.pick(short=(240, 3, 2), full=(16_000, 200, 3))
    async with run.house(STAGELINE_WEBHOOK_IN_FLIGHT=str(_IN_FLIGHT)) as house:
        await house.start(workers=workers)
        await subscribe_all(house)
        walkers = Walkers(house, run.rng, wanted, per_second=run.pick(short=60, full=70))
        await walkers.open_deals(own=run.pick(short=80, full=2_000), shared=8)
        moments = moments_of(run.rng, kills, wanted * 4)
        async with watched(run, walkers), asyncio.TaskGroup() as tasks:
            tasks.create_task(walkers.walk())
            tasks.create_task(kill_workers(house.workers, lambda: arrived(house), moments, run.rng))
        owner = await house.open_owner()
        if run.mode is Mode.SHORT:
            await _begin_anew(house, owner)
            kills += workers
        holdings = await read_holdings(owner)
        await until_delivered(house, holdings, lambda done, all_: run.tell("deliveries", done, all_))
        findings = Findings(facts=[f"{kills} kills of {workers} workers", *tally(walkers.asked)])
        findings.blame(check_answers(walkers.asked, holdings.transitions))
        findings.blame(check_ledger(holdings))
        findings.blame(await check_receivers(house, owner, holdings))
        await owner.close()
        owed = len(Ledger.of(house.endpoints, holdings.events).owed)
        again = sum(duplicates(receiver.log) for receiver in house.receivers)
    findings.facts.append(
        f"{len(holdings.events):,} events, {owed:,} deliveries owed to {len(house.endpoints)} endpoints"
    )
    findings.add("duplicates", again, "≤", kills * _IN_FLIGHT)
    return findings


async def _begin_anew(house: House, owner: asyncpg.Connection) -> None:
    """Kill all workers once more and let their leases end at once, instead of waiting for a minute."""
    for worker in house.workers:
        worker.kill()
    await end_leases(owner)
    for worker in house.workers:
        worker.start()


KILLED_WORKERS = Experiment(
    "E2",
    "kill -9 workers, 200 kills in 20,000 events × 5 endpoints",
    "every (event, endpoint) delivered; 0 order violations; duplicates ≤ kills × in flight",
    _perform,
)
