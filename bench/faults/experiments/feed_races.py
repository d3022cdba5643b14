"""E6: readers follow the feed while writers contend for the same subjects, hold transactions and roll some back."""

import asyncio
import random
from dataclasses import dataclass, field

from bench.faults.checker import check_feed
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.house import House
from bench.processes import DidNotStart, Program

_WRITERS, _SUBJECTS = 16, 4
_SETTLE_SECONDS = 60.0


@dataclass(slots=True)
class _Follower:
    """Follows the feed over HTTP by its cursor."""

    house: House
    limit: int
    rng: random.Random
    cursor: str | None = None
    read: list[tuple[str, str, int]] = field(default_factory=list)

    async def read_on(self) -> bool:
        """Read a page; whether there was anything."""
        parameters = {"limit": str(self.limit)} | ({"cursor": self.cursor} if self.cursor else {})
        headers = {"Authorization": f"Bearer {self.house.ours.operations}"}
        url = f"{self.house.apis[0].url}/v1/events"
        async with self.house.session.get(url, params=parameters, headers=headers) as response:
            response.raise_for_status()
            page = await response.json()
        subjects = [(event["id"], event["subject"]) for event in page["items"]]
        self.read += [(event_id, subject["id"], subject["sequence"]) for event_id, subject in subjects]
        self.cursor = page["next_cursor"]
        return bool(page["items"])

    async def skip(self) -> None:
        """Read what was there before."""
        while await self.read_on():
            self.read.clear()

    async def follow(self, writer: Program) -> None:
        """Read until the writer has ended."""
        while writer.is_running:
            await self.read_on()
            await asyncio.sleep(self.rng.random() * 0.02)

    async def finish(self, committed: set[str]) -> None:
        """Read the rest; gives up after a while, then something is lost."""
        deadline = asyncio.get_running_loop().time() + _SETTLE_SECONDS
        while not committed <= {event_id for event_id, _, _ in self.read}:
            if not await self.read_on() and asyncio.get_running_loop().time() > deadline:
                return


async def _perform(run: Run) -> Findings:
    events = run.pick(short=2_000, full=51_200)
    async with run.house() as house:
        await house.start_apis(1)
        followers = [_Follower(house, limit, run.rng) for limit in (37, 1_000)]
        for follower in followers:
            await follower.skip()
        amounts = [_WRITERS, events, _SUBJECTS, run.rng.getrandbits(31)]
        writer = house.program("feed_writer", house.ours.id, *map(str, amounts))
        writer.start()
        async with asyncio.TaskGroup() as tasks:
            for follower in followers:
                tasks.create_task(follower.follow(writer))
            tasks.create_task(_tell(run, followers[0], writer, events))
        committed = _committed(writer)
        for follower in followers:
            await follower.finish(committed)
    findings = Findings(facts=[f"{_WRITERS} writers, {_SUBJECTS} subjects; one in ten holds, one in ten rolls back"])
    for follower in followers:
        findings.blame(check_feed(follower.read, committed))
    findings.add("events", len(committed), "≥", events // _WRITERS * _WRITERS)
    return findings


def _committed(writer: Program) -> set[str]:
    said = writer.said().splitlines()
    if not said or said[-1] != "written":
        raise DidNotStart(writer.said()[-4000:])
    return set(said[:-1])


async def _tell(run: Run, follower: _Follower, writer: Program, events: int) -> None:
    while writer.is_running:
        run.tell("events", len(follower.read), events)
        await asyncio.sleep(0.25)


FEED_RACES = Experiment(
    "E6",
    "feed under 16 writers with holds and rollbacks, ≥ 50,000 events, all contending for the same few deals",
    "0 lost, 0 twice, no subject's sequence out of order in the feed",
    _perform,
)
