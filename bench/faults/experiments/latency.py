"""E9: how soon a consumer hears of what was committed, at a hundred events a second."""

from bench.faults.delivery import check_receivers, until_delivered
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.holdings import read_holdings
from bench.faults.lags import lags_ms, percentile
from bench.faults.walkers import Walkers
from bench.faults.watching import watched

_TRANSITIONS_PER_SECOND = 80  # each makes 1.25 events on average


async def _perform(run: Run) -> Findings:
    deals, warm_up_seconds, seconds = run.pick(short=(40, 1, 3), full=(200, 5, 60))
    async with run.house() as house:
        await house.start()
        receiver = await house.open_receiver()
        await house.subscribe(receiver, "consumer", house.ours, "opportunity.*")
        walkers = Walkers(
            house, run.rng, wanted=_TRANSITIONS_PER_SECOND * warm_up_seconds, per_second=_TRANSITIONS_PER_SECOND
        )
        await walkers.open_deals(own=deals, shared=0)
        await walkers.walk()
        receiver.read()
        warm_up = set(receiver.first_arrivals)
        walkers.wanted += _TRANSITIONS_PER_SECOND * seconds
        async with watched(run, walkers):
            await walkers.walk()
        owner = await house.open_owner()
        holdings = await read_holdings(owner)
        await until_delivered(house, holdings)
        violations = await check_receivers(house, owner, holdings)
        for owed in warm_up:
            del receiver.first_arrivals[owed]
        lags = await lags_ms(house, owner)
        await owner.close()
    findings = Findings(facts=[f"{len(lags):,} events, {len(lags) / seconds:,.0f}/s, max {lags[-1]:.1f} ms"])
    findings.blame(violations)
    findings.add_timed("p50", percentile(lags, 0.5), "≤", 5, " ms")
    findings.add_timed("p99", percentile(lags, 0.99), "≤", 25, " ms")
    return findings


LATENCY = Experiment("E9", "commit → consumer at 100 events/s", "p50 ≤ 5 ms, p99 ≤ 25 ms", _perform)
