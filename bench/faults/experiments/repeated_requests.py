"""E13: each request is sent twenty times at once under its key, while API processes are killed."""

import asyncio
from collections import defaultdict

import asyncpg

from bench.faults.checker import check_ledger, check_repeated
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.holdings import read_holdings
from bench.faults.killing import kill_apis, moments_of
from bench.faults.repeats import Repeats
from bench.faults.watching import watched

_APIS = 2
_SENDERS = 20


async def _perform(run: Run) -> Findings:
    wanted, kills = run.pick(short=(40, 2), full=(1_000, 50))
    async with run.house() as house:
        await house.start_apis(_APIS)
        repeats = Repeats(house, run.rng, wanted, _SENDERS)
        await repeats.prepare()
        moments = moments_of(run.rng, kills, wanted)
        async with watched(run, repeats, "keys"), asyncio.TaskGroup() as tasks:
            tasks.create_task(repeats.send())
            tasks.create_task(kill_apis(house, repeats, moments, run.rng))
        owner = await house.open_owner()
        holdings, made = await read_holdings(owner), await _read_made(owner)
        await owner.close()
    answers = [heard for each in repeats.repeated for heard in each.heard if heard is not None]
    attempts, replayed = sum(each.attempts for each in repeats.repeated), sum(heard.is_replayed for heard in answers)
    findings = Findings(
        facts=[
            f"{wanted:,} keys × {_SENDERS} senders, {kills} kills of {_APIS} API processes",
            f"{attempts:,} requests, {len(answers):,} answers, {replayed:,} of them replayed",
        ]
    )
    findings.blame(check_repeated(repeats.repeated, made))
    findings.blame(check_ledger(holdings))
    findings.add("answers", len(answers), "=", wanted * _SENDERS)
    return findings


async def _read_made(owner: asyncpg.Connection) -> dict[str, list[str]]:
    """What was made under each key: the transitions that carry it as their reason, the accounts as their name."""
    rows = await owner.fetch("SELECT reason AS key, id FROM stage_transitions UNION ALL SELECT name, id FROM accounts")
    made = defaultdict(list)
    for row in rows:
        made[row["key"]].append(str(row["id"]))
    return made


REPEATED_REQUESTS = Experiment(
    "E13",
    "1,000 keys × 20 concurrent duplicates, with 50 kills of the API in between",
    "one effect of each key, all its answers equal to the byte",
    _perform,
)
