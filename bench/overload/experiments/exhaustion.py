"""O3: Postgres holds every connection of the pool, does not answer, or is gone; and is back."""

import asyncio
import math
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from http import HTTPStatus

from bench.cpu import family
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.house import House
from bench.faults.lags import percentile
from bench.overload.answers import BROKEN, Answers
from bench.overload.clients import PATIENT, Clients, Load
from bench.overload.mix import day
from bench.overload.remains import remains_of

_PER_SECOND = 150
_CONNECTIONS = 600
_BEFORE_SECONDS = 2.0
_AFTER_SECONDS = 8.0
_POOL = 10  # connections: the service's default
_LOCK_SECONDS = 5.0  # so long who holds one waits for a lock: the service's default
_REFUSED = HTTPStatus.SERVICE_UNAVAILABLE
_EXPECTED = (200, 201, 409, _REFUSED)


@asynccontextmanager
async def _locked(house: House) -> AsyncIterator[None]:
    """Somebody else holds a lock that every request needs."""
    owner = await house.open_owner()
    async with owner.transaction():
        await owner.execute("LOCK TABLE opportunities IN ACCESS EXCLUSIVE MODE")
        yield
    await owner.close()


@asynccontextmanager
async def _paused(house: House) -> AsyncIterator[None]:
    """Postgres stands still: connections stay, nothing is answered."""
    _tell_all(house, signal.SIGSTOP)
    try:
        yield
    finally:
        _tell_all(house, signal.SIGCONT)  # also those that were born in between


def _tell_all(house: House, signal_number: int) -> None:
    for pid in family(house.stage.postgres_pid):
        with suppress(ProcessLookupError):  # it ended since it was listed
            os.kill(pid, signal_number)


@asynccontextmanager
async def _stopped(house: House) -> AsyncIterator[None]:
    """Postgres is gone as after a loss of power."""
    await house.stage.stop_postgres_at_once()
    yield
    await house.stage.start_postgres()


async def _perform(run: Run) -> Findings:
    deals, seconds = run.pick(short=(60, 2.0), full=(300, 10.0))
    findings = Findings()
    troubles = {"locked": _locked, "paused": _paused, "stopped": _stopped}
    async with run.house(**PATIENT) as house:
        await house.start(workers=0)
        clients = Clients(house, await day(house, deals))
        for number, (name, trouble) in enumerate(troubles.items()):
            run.tell(name, number, len(troubles))
            answers, ended = await _offer_through(clients, trouble(house), seconds)
            remains = await remains_of(house, _AFTER_SECONDS)
            _judge(findings, name, answers, ended)
            if name == "locked":
                findings.facts.append(_apart(answers, _POOL * math.ceil(seconds / _LOCK_SECONDS)))
            findings.add(f"{name}: left behind", remains.total, "=", 0)
    return findings


async def _offer_through(
    clients: Clients, trouble: AbstractAsyncContextManager[None], seconds: float
) -> tuple[Answers, float]:
    load = Load(_CONNECTIONS, _BEFORE_SECONDS + seconds + _AFTER_SECONDS, _PER_SECOND)
    offering = asyncio.create_task(clients.offer(load))
    await clients.begun.wait()
    await asyncio.sleep(_BEFORE_SECONDS)
    async with trouble:
        await asyncio.sleep(seconds)
    ended = time.time()
    return await offering, ended


def _judge(findings: Findings, name: str, answers: Answers, ended: float) -> None:
    refused = answers.milliseconds(_REFUSED)
    others = answers.total - answers.count(*_EXPECTED) - answers.count(BROKEN)
    findings.add(f"{name}: broken connections", answers.count(BROKEN), "=", 0)
    findings.add(f"{name}: other answers", others, "=", 0)
    findings.add(f"{name}: refused", len(refused), "≥", 1)
    findings.add_timed(f"{name}: 503, p99", percentile(refused, 0.99) if refused else 0, "≤", 1_100, " ms")
    recovered = answers.recovery_seconds(ended, 0.8 * _PER_SECOND)
    findings.add_timed(f"{name}: recovered after", recovered, "≤", 5, " s")
    findings.facts.append(
        f"{name}: {answers.successes:,} well, {len(refused):,} refused"
        + (f" (p50 {percentile(refused, 0.5):.1f} ms, max {refused[-1]:,.0f} ms)" if refused else "")
    )


def _apart(answers: Answers, holders: int) -> str:
    """How long those waited who had no connection: so many others had one, and waited for the lock."""
    without = answers.milliseconds(_REFUSED)[:-holders]
    p99, most = (percentile(without, 0.99), without[-1]) if without else (0, 0)
    return f"without the slowest {holders}, which may have held a connection: p99 {p99:,.0f} ms, max {most:,.0f} ms"


EXHAUSTION = Experiment(
    "O3", "every connection of the pool hangs", "503 within 1.1 s, recovery ≤ 5 s, nothing left behind", _perform
)
