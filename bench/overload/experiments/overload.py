"""O1: ten times as many requests as the service can answer."""

import asyncio
import time
from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from bench.cpu import cpu_seconds
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.house import House
from bench.faults.lags import percentile
from bench.overload.answers import BROKEN, Answers
from bench.overload.clients import PATIENT, Clients, Load
from bench.overload.mix import day

_TIMES = 10
_BUSY_CONNECTIONS, _FLOOD_CONNECTIONS = 32, 1_000
_REFUSED = HTTPStatus.SERVICE_UNAVAILABLE
_EXPECTED = {200, 201, 409, _REFUSED}  # 409: two transitions of one deal that met
_PROBE_SECONDS = 1.0


async def _perform(run: Run) -> Findings:
    deals, warm_up_seconds, seconds, flood_seconds = run.pick(short=(60, 1, 2, 4), full=(600, 5, 20, 60))
    async with run.house(**PATIENT) as house:
        await house.start(workers=0)
        clients = Clients(house, await day(house, deals))
        run.tell("warming up", 0, 4)
        await clients.offer(Load(_BUSY_CONNECTIONS, warm_up_seconds))
        run.tell("peak", 1, 4)
        started = _cpu_seconds(house)
        peak = await clients.offer(Load(_BUSY_CONNECTIONS, seconds))
        at_peak = _cpu_seconds(house) - started
        per_second = peak.successes / seconds
        run.tell("flood", 2, 4)
        health = _Health(house)
        started = _cpu_seconds(house)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(health.watch(flood_seconds))
            flood = await clients.offer(Load(_FLOOD_CONNECTIONS, flood_seconds, per_second * _TIMES))
        in_flood = _cpu_seconds(house) - started
        run.tell("recovery", 3, 4)
        ended = time.time()
        after = await clients.offer(Load(_BUSY_CONNECTIONS, max(5, seconds / 2)))
    findings = _judge(peak, flood, per_second, flood_seconds)
    findings.add("health and metrics that did not answer", health.silent, "=", 0)
    findings.add_timed("not ready", health.not_ready, "=", 0)
    findings.add_timed("recovered after", after.recovery_seconds(ended, 0.8 * per_second), "≤", 5, " s")
    findings.facts += _costs(at_peak / peak.total, in_flood, flood)
    findings.facts.append(
        f"the API used {at_peak / seconds:.0%} of a core at the peak, {in_flood / flood_seconds:.0%} in the flood"
    )
    return findings


def _cpu_seconds(house: House) -> float:
    return cpu_seconds([house.apis[0].program.pid])


def _costs(each: float, in_flood: float, flood: Answers) -> list[str]:
    """What a refusal cost, if those that were not refused cost as much as at the peak: seconds of processor time."""
    refused = flood.count(_REFUSED)
    if not refused:
        return []
    refusal = (in_flood - each * (flood.total - refused)) / refused
    return [f"processor time of the API: {1e6 * each:,.0f} µs a request, {1e6 * refusal:,.0f} µs a refusal"]


def _judge(peak: Answers, flood: Answers, per_second: float, seconds: float) -> Findings:
    refused = flood.milliseconds(_REFUSED)
    served = flood.milliseconds(200, 201)
    findings = Findings()
    findings.add("broken connections", flood.count(BROKEN), "=", 0)
    findings.add("other answers", flood.total - flood.count(*_EXPECTED) - flood.count(BROKEN), "=", 0)
    findings.add("refused", len(refused), "≥", 1)
    findings.add_timed("503, p99", percentile(refused, 0.99) if refused else 0, "≤", 50, " ms")
    findings.add_timed("goodput", 100 * flood.successes / seconds / per_second, "≥", 80, " % of peak")
    findings.facts = [
        f"peak {per_second:,.0f}/s, p99 {percentile(peak.milliseconds(200, 201), 0.99):.0f} ms",
        f"offered {(flood.total + flood.withheld) / seconds:,.0f}/s, of which {flood.withheld:,} found no connection",
        f"answered {flood.total / seconds:,.0f}/s, {flood.successes / seconds:,.0f}/s of them well",
        f"2xx: p50 {percentile(served, 0.5):.0f} ms, p99 {percentile(served, 0.99):.0f} ms",
        "answers by status: " + ", ".join(f"{status}: {flood.count(status):,}" for status in sorted(flood.seconds)),
        f"503: p50 {percentile(refused, 0.5):.1f} ms, max {refused[-1]:.0f} ms" if refused else "no 503",
        f"clients used {flood.processor_seconds / seconds:.0%} of a core",
    ]
    return findings


@dataclass(slots=True)
class _Health:
    """Asks for health and metrics while everybody else is refused."""

    house: House
    silent: int = 0
    not_ready: int = 0

    async def watch(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for path in ("/livez", "/metrics", "/readyz"):
                await self._ask(path)
            await asyncio.sleep(_PROBE_SECONDS)

    async def _ask(self, path: str) -> None:
        try:
            async with self.house.session.get(f"{self.house.apis[0].url}{path}") as response:
                is_well = response.status == HTTPStatus.OK
        except aiohttp.ClientError:
            self.silent += 1
            return
        self.not_ready += not is_well and path == "/readyz"
        self.silent += not is_well and path != "/readyz"


OVERLOAD = Experiment(
    "O1", "ten times as many requests as can be answered", "no 500; 503 within 50 ms; goodput ≥ 80 % of peak", _perform
)
