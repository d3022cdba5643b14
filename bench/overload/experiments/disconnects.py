"""O2: clients vanish at every moment of a request, with and without an Idempotency-Key."""

import json

from bench.faults.experiment import Experiment, Findings, Run
from bench.memory import resident_mib
from bench.overload.mix import day
from bench.overload.remains import remains_of
from bench.processes import Program, output_of

_AT_ONCE = 64
_WARM_UP = 300
_PATIENCE_SECONDS = 10.0
_MEMORY_MIB = 32


async def _perform(run: Run) -> Findings:
    count = run.pick(short=500, full=10_000)
    async with run.house() as house:
        await house.start(workers=0)
        turns = house.stage.folder / "vanishing.json"
        turns.write_text(json.dumps(await day(house, 40)))
        api = house.apis[0]
        port = api.url.rpartition(":")[2]

        async def vanish(clients: int, seed: int) -> str:
            arguments = map(str, (port, turns, clients, _AT_ONCE, seed))
            program = Program(
                house.stage.tree,
                ("-m", "bench.overload.programs.vanish", *arguments),
                house.stage.folder / f"vanished-{seed}.txt",
            )
            return (await output_of(program)).splitlines()[-1]

        run.tell("warming up", 0, 2)
        await vanish(_WARM_UP, 0)
        before = resident_mib(api.program.pid)
        run.tell(f"{count:,} clients", 1, 2)
        left = json.loads(await vanish(count, run.rng.randrange(1, 2**31)))
        remains = await remains_of(house, _PATIENCE_SECONDS)
        grown = resident_mib(api.program.pid) - before
        said = api.program.said()
    findings = Findings()
    findings.add("clients that vanished", sum(left.values()), "≥", count * 0.9)
    findings.add("left behind", remains.total, "=", 0)
    findings.add("unexpected errors in the log", said.count('"level": "error"'), "=", 0)
    findings.add("memory", grown, "≤", _MEMORY_MIB, " MiB more")
    findings.facts = [
        ", ".join(f"{number:,} {moment}" for moment, number in left.items()),
        f"nothing was left after {remains.seconds:.1f} s" if not remains.total else f"left: {remains.counts}",
    ]
    return findings


DISCONNECTS = Experiment("O2", "10,000 clients vanish at any moment", "nothing is left behind", _perform)
