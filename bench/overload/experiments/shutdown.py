"""O4: SIGTERM while requests come; a balancer sees that the process is not ready, and sends it no more."""

import asyncio
import os
import signal
from http import HTTPStatus

import aiohttp

from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.house import House
from bench.overload.answers import BROKEN
from bench.overload.clients import Clients
from bench.overload.mix import day

_PER_SECOND = 200
_CONNECTIONS = 64
_NOTICED_SECONDS = 0.5
_DELAY_SECONDS = 3.0
_STARTING_SECONDS = 1.0
_EXPECTED = (200, 201, 409)


async def _perform(run: Run) -> Findings:
    rounds, deals, seconds = run.pick(short=(1, 40, 2.0), full=(10, 200, 4.0))
    broken = others = answered = seen_red = ended_well = 0
    async with run.house(STAGELINE_SHUTDOWN_DELAY_SECONDS=str(_DELAY_SECONDS)) as house:
        await house.start(workers=0)
        clients = Clients(house, await day(house, deals))
        for number in range(rounds):
            run.tell("rounds", number, rounds)
            program = house.apis[0].program
            offering = asyncio.create_task(
                clients.offer(connections=_CONNECTIONS, per_second=_PER_SECOND, seconds=seconds)
            )
            await asyncio.sleep(_STARTING_SECONDS + seconds - _NOTICED_SECONDS)
            os.kill(program.pid, signal.SIGTERM)
            seen_red += await _is_seen_red(house)
            answers = await offering
            ended_well += await program.ended(_DELAY_SECONDS * 10) == 0
            broken += answers.count(BROKEN)
            others += answers.total - answers.count(BROKEN, *_EXPECTED)
            answered += answers.count(*_EXPECTED)
            program.start()
            await house.until_ready(house.apis[0])
    findings = Findings(facts=[f"{rounds} rounds, {answered:,} requests answered"])
    findings.add("broken connections", broken, "=", 0)
    findings.add("5xx and other answers", others, "=", 0)
    findings.add("seen not ready while it still answered", seen_red, "=", rounds)
    findings.add("ended with 0", ended_well, "=", rounds)
    return findings


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
