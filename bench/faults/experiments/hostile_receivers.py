"""E10: receivers that drip, pour without end, send a gzip bomb, reset or hang."""

import asyncio
import time

import asyncpg

from bench.faults.behaviour import Behaviour, Manner
from bench.faults.checker import Kind, Violation
from bench.faults.delivery import check_receivers, until_delivered
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.history import Arrival
from bench.faults.holdings import read_holdings
from bench.faults.house import House
from bench.faults.walkers import Walkers
from bench.memory import Peak, resident_mib

_HOSTILE = (Manner.DRIP_HEAD, Manner.DRIP_BODY, Manner.GZIP_BOMB, Manner.ENDLESS, Manner.RESET, Manner.HANG)
_FRIENDLY = "friendly"
_FEWEST_EXCHANGES = 5  # as many lanes fail before the breaker opens
_ALLOWED_SECONDS = 1.0
_ALLOWED_MIB = 32.0
_GIVE_UP_SECONDS = 600.0


async def _perform(run: Run) -> Findings:
    deadline, deals, seconds = run.pick(short=(2, 12, 5), full=(15, 60, 120))
    async with run.house(STAGELINE_WEBHOOK_DEADLINE_SECONDS=str(deadline)) as house:
        await house.start()
        receiver = await house.open_receiver()
        for name in (_FRIENDLY, *_HOSTILE):
            await house.subscribe(receiver, name, house.ours, "opportunity.stage_changed")
        walkers = Walkers(house, run.rng, wanted=deals * 5, count=8, per_second=50)
        await walkers.open_deals(own=deals, shared=0)
        await walkers.walk()
        await asyncio.sleep(1)
        before = resident_mib(house.workers[0].pid)
        for manner in _HOSTILE:
            await receiver.behave(house.session, manner, Behaviour(manner))
        peak = await _torment(run, house, walkers, seconds)
        owner = await house.open_owner()
        holdings = await read_holdings(owner)
        violations = await check_receivers(house, owner, holdings)
        attempt_seconds = await _longest_attempt(owner)
        await owner.close()
    findings = Findings(facts=[f"{before:.0f} MiB before, {peak:.0f} MiB at most; deadline {deadline} s"])
    findings.blame(each for each in violations if not _is_expected(each))
    findings.add("memory", peak - before, "≤", _ALLOWED_MIB, " MiB more")
    findings.add_timed("longest attempt by the log", attempt_seconds, "≤", deadline + _ALLOWED_SECONDS, " s")
    findings.add_timed(
        "longest exchange by the receiver", _longest_exchange(house), "≤", deadline + _ALLOWED_SECONDS, " s"
    )
    for name, count in _counts(house).items():
        findings.add(f"exchanges with {name}", count, "≥", _FEWEST_EXCHANGES)
    return findings


async def _torment(run: Run, house: House, walkers: Walkers, seconds: float) -> float:
    """Have the hostile receivers called for a while; gives the worker's peak memory."""
    peak, stop = Peak(house.workers[0].pid), asyncio.Event()
    began_at = time.monotonic()
    walkers.wanted *= 2
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(peak.watch(stop))
        await walkers.walk()
        await _until_friendly_has_all(house)
        while (passed := time.monotonic() - began_at) < _GIVE_UP_SECONDS:
            run.tell("seconds", passed, seconds)
            if passed > seconds and min(_counts(house).values()) >= _FEWEST_EXCHANGES:
                break
            await asyncio.sleep(0.25)
        stop.set()
    return peak.mib


async def _until_friendly_has_all(house: House) -> None:
    owner = await house.open_owner()
    everybody, house.endpoints = house.endpoints, [each for each in house.endpoints if each.name == _FRIENDLY]
    await until_delivered(house, await read_holdings(owner))
    house.endpoints = everybody
    await owner.close()


async def _longest_attempt(owner: asyncpg.Connection) -> float:
    longest: int = await owner.fetchval("SELECT coalesce(max(duration_ms), 0) FROM webhook_attempts")
    return longest / 1000


def _longest_exchange(house: House) -> float:
    (receiver,) = house.receivers
    began = {arrival.number: arrival.at for arrival in receiver.log.arrivals}
    return max((ended - began[number] for number, ended in receiver.broken_off.items()), default=0.0)


def _counts(house: House) -> dict[str, int]:
    """How many exchanges with each hostile receiver were never answered in good order."""
    (receiver,) = house.receivers
    receiver.read()
    names = {entry.number: entry.endpoint for entry in receiver.log.entries if isinstance(entry, Arrival)}
    broken = [names[number] for number in receiver.broken_off]
    return {str(manner): broken.count(str(manner)) for manner in _HOSTILE}


def _is_expected(violation: Violation) -> bool:
    """Hostile receivers acknowledge nothing in a way that the harness counts, so their lanes look overtaken."""
    is_hostile = any(violation.detail.endswith(f" {manner}") for manner in _HOSTILE)
    return is_hostile and violation.kind in {Kind.NOT_DELIVERED, Kind.OVERTAKEN}


HOSTILE_RECEIVERS = Experiment(
    "E10",
    "hostile receivers: dripping bytes, gzip bomb, endless body, resets",
    "each attempt ends ≤ deadline + 1 s; memory + ≤ 32 MB",
    _perform,
)
