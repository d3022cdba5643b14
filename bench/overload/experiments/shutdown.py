"""O4: SIGTERM while requests come; a balancer sees that the process is not ready, and sends it no more."""

import asyncio
import os
import signal
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.house import House
from bench.overload.answers import BROKEN, Answers
from bench.overload.clients import Clients, Load
from bench.overload.mix import day

_CONNECTIONS = 8  # that ask again as soon as they were answered: nobody waits for a connection of the pool
_DELAY_SECONDS = 5.0
_MOST_SECONDS = 60.0
_EXPECTED = (200, 201, 409)


@dataclass(slots=True)
class _Tally:
    """What came of all rounds."""

    answered: int = 0
    broken: int = 0
    others: int = 0
    seen_red: int = 0
    ended_well: int = 0

    def count(self, answers: Answers) -> None:
        self.answered += answers.count(*_EXPECTED)
        self.broken += answers.count(BROKEN)
        self.others += answers.total - answers.count(BROKEN, *_EXPECTED)


async def _perform(run: Run) -> Findings:
    rounds, deals, seconds = run.pick(short=(1, 40, 1.0), full=(10, 200, 3.0))
    tally = _Tally()
    async with run.house(STAGELINE_SHUTDOWN_DELAY_SECONDS=str(_DELAY_SECONDS)) as house:
        await house.start(workers=0)
        clients = Clients(house, await day(house, deals))
        for number in range(rounds):
            run.tell("rounds", number, rounds)
            await _leave(house, clients, seconds, tally)
            house.apis[0].program.start()
            await house.until_ready(house.apis[0])
    findings = Findings(facts=[f"{rounds} rounds, {tally.answered:,} requests answered"])
    findings.add("broken connections", tally.broken, "=", 0)
    findings.add("5xx and other answers", tally.others, "=", 0)
    findings.add("seen not ready while it still answered", tally.seen_red, "=", rounds)
    findings.add("ended with 0", tally.ended_well, "=", rounds)
    return findings


async def _leave(house: House, clients: Clients, seconds: float, tally: _Tally) -> None:
    program = house.apis[0].program
    offering = asyncio.create_task(clients.offer(Load(_CONNECTIONS, _MOST_SECONDS)))
    await clients.begun.wait()
    await asyncio.sleep(seconds)
    os.kill(program.pid, signal.SIGTERM)
    tally.seen_red += await _is_seen_red(house)
    clients.stop()
    tally.count(await offering)
    tally.ended_well += await program.ended(_DELAY_SECONDS * 10) == 0


async def _is_seen_red(house: House) -> bool:
    """Whether readiness turns red before the process is gone."""
    while True:
        try:
            async with house.session.get(f"{house.apis[0].url}/readyz") as response:
                if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
                    return True
        except aiohttp.ClientError:
            return False
        await asyncio.sleep(0.01)


SHUTDOWN = Experiment("O4", "SIGTERM under load", "every request is answered well; not ready first", _perform)
