"""E8: one of many endpoints never answers."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from bench.faults.behaviour import Behaviour, Manner
from bench.faults.checker import Kind, Violation
from bench.faults.delivery import check_receivers, until_delivered
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.holdings import read_holdings
from bench.faults.house import House
from bench.faults.lags import lags_ms, percentile
from bench.faults.walkers import Walkers

_HANGING = "endpoint-0"


@dataclass(slots=True)
class _Side:
    """A service whose first endpoint hangs, or answers like the others."""

    house: House
    walkers: Walkers

    async def open(self, endpoints: int, deals: int, *, is_hanging: bool) -> None:
        await self.house.start()
        receiver = await self.house.open_receiver()
        for number in range(endpoints):
            name = f"endpoint-{number}"
            await self.house.subscribe(receiver, name, self.house.ours, "opportunity.stage_changed")
        if is_hanging:
            await receiver.behave(self.house.session, _HANGING, Behaviour(Manner.HANG))
        await self.walkers.open_deals(own=deals, shared=0)

    async def load(self, transitions: int) -> None:
        self.walkers.wanted += transitions
        await self.walkers.walk()

    async def result(self) -> tuple[list[float], list[Violation]]:
        """The lags of the endpoints that answer, and what they missed."""
        owner = await self.house.open_owner()
        holdings = await read_holdings(owner)
        answering = [endpoint for endpoint in self.house.endpoints if endpoint.name != _HANGING]
        hanging = [endpoint for endpoint in self.house.endpoints if endpoint.name == _HANGING]
        self.house.endpoints = answering
        await until_delivered(self.house, holdings)
        self.house.endpoints = [*answering, *hanging]
        violations = await check_receivers(self.house, owner, holdings)
        lags = await lags_ms(self.house, owner, leaving_out={_HANGING})
        await owner.close()
        missed = [
            each for each in violations if each.kind is not Kind.NOT_DELIVERED or _HANGING not in each.detail.split()
        ]
        return lags, missed


async def _perform(run: Run) -> Findings:
    endpoints, deals, per_second, phases, seconds = run.pick(short=(6, 20, 15, 1, 4), full=(20, 40, 15, 6, 15))
    async with AsyncExitStack() as houses:
        sides = []
        for suffix in run.pick(short=("_hanging",), full=("_clean", "_hanging")):
            house = await houses.enter_async_context(run.house(suffix))
            sides.append(_Side(house, Walkers(house, run.rng, wanted=0, count=8, per_second=per_second)))
        await asyncio.gather(*(side.open(endpoints, deals, is_hanging=side is sides[-1]) for side in sides))
        for phase in range(phases):
            run.tell("phases", phase, phases)
            for side in sides if phase % 2 else reversed(sides):
                await side.load(per_second * seconds)
        results = [await side.result() for side in sides]
    findings = Findings()
    for lags, violations in results:
        findings.blame(violations)
        findings.facts.append(
            f"p50 {percentile(lags, 0.5):.1f} ms, p99 {percentile(lags, 0.99):.1f} ms of {len(lags):,} lags"
        )
    if len(results) > 1:
        clean, hindered = (percentile(lags, 0.99) for lags, _ in results)
        findings.facts.append("first on a clean service, then beside the hanging endpoint, measured in turns")
        findings.add_timed("p99 lag of the others", hindered / clean, "≤", 1.5, " × clean")
    return findings


HANGING_ENDPOINT = Experiment("E8", "one endpoint of 20 hangs on every call", "p99 lag of the others ≤ 1.5 ×", _perform)
