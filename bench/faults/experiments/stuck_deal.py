"""E7: thousands of events of one deal wait behind one that is refused, while other lanes deliver."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from bench.faults.behaviour import Behaviour, Manner
from bench.faults.checker import Kind, Violation
from bench.faults.delivery import acknowledged, check_receivers
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.holdings import read_commit_times, read_holdings
from bench.faults.house import House
from bench.processes import output_of

_DRAIN_SECONDS = 180.0
_LOOK_SECONDS = 0.02


@dataclass(slots=True)
class _Side:
    """A service with or without the stuck deal, and the rates at which its other lanes delivered."""

    house: House
    stuck: str | None = None
    rates: list[float] = field(default_factory=list)

    async def open(self) -> None:
        await self.house.start()
        receiver = await self.house.open_receiver()
        await self.house.subscribe(receiver, "all", self.house.ours, "*")
        await self.house.subscribe(receiver, "accounts", self.house.ours, "account.*")

    async def get_stuck(self, events: int) -> None:
        """Let the first event of a deal be refused, and record the ones behind it."""
        (receiver,) = self.house.receivers
        await receiver.behave(
            self.house.session, "all", Behaviour(Manner.REFUSE, status=500, subject_id='"opportunity"')
        )
        (self.stuck,) = await _record(self.house, "opportunity", subjects=1, events=events, batch=200)
        owner = await self.house.open_owner()
        async with asyncio.timeout(_DRAIN_SECONDS):
            while await owner.fetchval("SELECT count(*) FROM webhook_deliveries") < events:
                await asyncio.sleep(_LOOK_SECONDS)
        await owner.close()

    async def measure(self, subjects: int, events: int) -> None:
        """Commit events of other subjects all at once, and see how fast they are delivered."""
        ids = await _record(self.house, "account", subjects=subjects, events=events, batch=subjects * events)
        owner = await self.house.open_owner()
        own = {str(row["id"]) for row in await owner.fetch("SELECT id FROM events WHERE subject_id = ANY($1)", ids)}
        committed_at = min(at for event_id, at in (await read_commit_times(owner)).items() if event_id in own)
        await owner.close()
        wanted = {(endpoint.name, event_id) for endpoint in self.house.endpoints for event_id in own}
        deadline = asyncio.get_running_loop().time() + _DRAIN_SECONDS
        while wanted - acknowledged(self.house) and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(_LOOK_SECONDS)
        (receiver,) = self.house.receivers
        last = max((receiver.acknowledged.get(owed, float("inf")) for owed in wanted), default=float("inf"))
        self.rates.append(len(wanted) / (last - committed_at))

    async def check(self) -> tuple[list[Violation], int]:
        """What went wrong with other lanes, and how many events of the stuck deal were tried."""
        owner = await self.house.open_owner()
        holdings = await read_holdings(owner)
        found = await check_receivers(self.house, owner, holdings)
        await owner.close()
        waiting = {event.id for event in holdings.events if event.subject_id == self.stuck}
        tried = {arrival.event_id for arrival in self.house.receivers[0].log.arrivals} & waiting
        expected = {f"{event_id} to all" for event_id in waiting}
        return [each for each in found if each.kind is not Kind.NOT_DELIVERED or each.detail not in expected], len(
            tried
        )


async def _record(house: House, noun: str, *, subjects: int, events: int, batch: int) -> Sequence[str]:
    amounts = map(str, (subjects, events, batch))
    *ids, _ = (await output_of(house.program("recorder", house.ours.id, noun, *amounts))).split()
    return ids


async def _perform(run: Run) -> Findings:
    stuck, rounds, subjects, events = run.pick(short=(1_000, 1, 50, 4), full=(30_000, 9, 500, 10))
    async with AsyncExitStack() as houses:
        suffixes = run.pick(short=("_stuck",), full=("_clean", "_stuck"))
        sides = [_Side(await houses.enter_async_context(run.house(suffix))) for suffix in suffixes]
        await asyncio.gather(*(side.open() for side in sides))
        run.tell("stuck events", 0, stuck)
        await sides[-1].get_stuck(stuck)
        for number in range(rounds):
            run.tell("rounds", number, rounds)
            for side in sides if number % 2 else reversed(sides):
                await side.measure(subjects, events)
        checked = [await side.check() for side in sides]
    findings = Findings(facts=[f"{rounds} rounds of {subjects * events * 2:,} deliveries to other lanes"])
    for violations, _ in checked:
        findings.blame(violations)
    findings.add("events of the stuck deal that were tried", checked[-1][1], "=", 1)
    _compare(findings, [statistics.median(side.rates) for side in sides])
    return findings


def _compare(findings: Findings, rates: Sequence[float]) -> None:
    findings.facts.append(f"median {rates[-1]:,.0f}/s beside the stuck deal")
    if len(rates) > 1:
        findings.facts.append(f"median {rates[0]:,.0f}/s on a clean service, measured in turns")
        findings.add_timed("rate of the others", rates[1] / rates[0] * 100, "≥", 80, " % of clean")


STUCK_DEAL = Experiment(
    "E7", "one deal with 30,000 stuck events", "other lanes keep ≥ 80 % of the clean rate", _perform
)
