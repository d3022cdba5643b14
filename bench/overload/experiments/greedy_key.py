"""O5: one key asks for ten times its quota, while another organization works."""

import asyncio
import time

from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.lags import percentile
from bench.overload.answers import Answers
from bench.overload.clients import PATIENT, Clients, Load
from bench.overload.mix import turns_of

_WINDOW_SECONDS, _TIMES = 10, 10
_CONNECTIONS = 100
_TOO_MANY = 429


async def _perform(run: Run) -> Findings:
    deals, quota, polite_per_second, seconds = run.pick(short=(4, 20, 3, 4), full=(100, 500, 40, 30))
    settings = PATIENT | {
        "STAGELINE_RATE_LIMIT_KEY_REQUESTS": str(quota),
        "STAGELINE_RATE_LIMIT_WINDOW_SECONDS": str(_WINDOW_SECONDS),
    }
    async with run.house(**settings) as house:
        await house.start(workers=0)
        greedy_turns = [turn for turn in await turns_of(house, house.ours, deals) if house.ours.manager in turn[0]]
        greedy = Clients(
            house, [turn for turn in greedy_turns if turn[0].startswith("GET")], processes=1, name="greedy"
        )
        polite = Clients(house, await turns_of(house, house.theirs, deals), processes=1, name="polite")
        run.tell("flood", 0, 1)
        started = time.monotonic()
        flood, work = await asyncio.gather(
            greedy.offer(Load(_CONNECTIONS, seconds, quota / _WINDOW_SECONDS * _TIMES)),
            polite.offer(Load(_CONNECTIONS, seconds, polite_per_second)),
        )
    allowed = quota + quota / _WINDOW_SECONDS * (time.monotonic() - started)
    return _judge(flood, work, allowed)


def _judge(flood: Answers, work: Answers, allowed: float) -> Findings:
    findings, refused = Findings(), flood.milliseconds(_TOO_MANY)
    findings.add("answered to the greedy key", flood.successes, "≤", allowed)
    findings.add("429 to it", len(refused), "≥", 1)
    findings.add("other answers", flood.total - flood.count(200, _TOO_MANY, 503), "=", 0)
    findings.add("429 to the others", work.count(_TOO_MANY), "=", 0)
    findings.add_timed("answered well to the others", 100 * work.successes / work.total, "≥", 99, " %")
    findings.add_timed("429, p99", percentile(refused, 0.99) if refused else 0, "≤", 50, " ms")
    findings.facts = [
        f"429: p50 {percentile(refused, 0.5):.1f} ms, max {refused[-1]:.0f} ms" if refused else "no 429",
        f"the others' p99: {percentile(work.milliseconds(200, 201), 0.99):.0f} ms",
    ]
    return findings


GREEDY_KEY = Experiment(
    "O5", "one key asks for ten times its quota", "it gets its quota, others notice nothing", _perform
)
