"""What is not a ratio to the floor: webhooks, imports, the start and the memory of the service, each with its goal."""

import asyncio
import random
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import asyncpg

from app.connections import connect_app
from app.core.caller import Caller
from app.core.settings import Settings
from app.imports.mapping import load_mapping
from app.imports.report import Outcome
from app.imports.run import ImportOrder, run_import
from bench.deliveries.amount import Amount
from bench.deliveries.end_to_end import deliver
from bench.faults.experiment import Mode, Run
from bench.faults.experiments.latency import LATENCY
from bench.faults.house import housed
from bench.memory import resident_mib
from bench.processes import Program, Tree, free_port, stageline
from bench.speed.client import ask
from bench.speed.figures import Verdict, at_least, at_most
from bench.speed.ground import Ground
from bench.stage import Stage

_LOOK_SECONDS = 0.005
_REST_SECONDS = 2.0
_START_SECONDS = 60.0
_READY = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_MAPPING = """
name = "bench"
[[accounts]]
file = "accounts.csv"
columns.external_id = "external_id"
columns.name = "name"
columns.industry = "industry"
columns.country = "country"
columns.employee_count = "employee_count"
"""
_HEADER = "external_id,name,industry,country,employee_count"


@dataclass(frozen=True, slots=True)
class Single:
    """A figure with its goal."""

    name: str
    value: float
    unit: str
    goal: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much is done for the figures."""

    events: int
    imported: int
    starts: int
    mode: Mode


async def webhooks(ground: Ground, amounts: Amounts) -> list[Single]:
    """Deliveries of one worker, and how soon a consumer hears of a commit."""
    stage = await ground.stage(0)
    async with housed(stage, "delivered") as house:
        delivered = await deliver(house, Amount(amounts.events, max(1, amounts.events // 10)))
    run = Run("E9", stage, amounts.mode, random.Random(1), lambda *_: None)
    p50, p99 = (figure.value for figure in (await LATENCY.perform(run)).figures)
    rate = delivered.per_second
    return [
        Single("webhooks delivered by one worker", rate, "/s", "≥ 5,000/s", at_least(rate, 5_000, 12_000)),
        Single("commit → consumer, p50", p50, " ms", "≤ 5 ms", at_most(p50, 5, 2.5)),
        Single("commit → consumer, p99", p99, " ms", "≤ 25 ms", at_most(p99, 25, 10)),
    ]


async def importing(ground: Ground, amounts: Amounts) -> list[Single]:
    """An import of accounts with all its checks, against COPY of the same file into the same columns."""
    stage = await ground.stage(0)
    folder = stage.folder / "import"
    folder.mkdir()
    numbers = range(amounts.imported)
    rows = (f"A-{number},Company {number},construction,NL,{number % 5_000}" for number in numbers)
    (folder / "accounts.csv").write_text("\n".join([_HEADER, *rows]) + "\n")
    (folder / "mapping.toml").write_text(_MAPPING)
    async with stage.database("faults_imported") as database:
        rate = amounts.imported / await _import(stage, database, folder)
        floor = amounts.imported / await _copy(stage, database)
    ratio = rate / floor
    return [
        Single("rows imported", rate, "/s", "", Verdict.NONE),
        Single("rows copied", floor, "/s", "", Verdict.NONE),
        Single("import ÷ copy", ratio, "", "≥ 0.5", at_least(ratio, 0.5, 0.75)),
    ]


async def _import(stage: Stage, database: str, folder: Path) -> float:
    order = ImportOrder(folder, load_mapping(folder / "mapping.toml"))
    service = await connect_app(Settings(DATABASE_URL=stage.service_url(database)))
    try:
        started = time.perf_counter()
        report = await run_import(service, Caller.system(UUID(stage.organizations[0].id)), order, lambda _: None)
        seconds = time.perf_counter() - started
    finally:
        await service.close()
    if report.outcome is not Outcome.WRITTEN:
        raise RuntimeError(f"the import was not written: {report.outcome}")
    return seconds


async def _copy(stage: Stage, database: str) -> float:
    owner = await asyncpg.connect(stage.owner_url(database))
    await owner.execute("CREATE TABLE copied (LIKE accounts INCLUDING ALL)")
    organization = stage.organizations[0].id
    await owner.execute(f"ALTER TABLE copied ALTER organization_id SET DEFAULT '{organization}'")
    await owner.execute("ALTER TABLE copied ALTER id SET DEFAULT gen_random_uuid()")
    started = time.perf_counter()
    with (stage.folder / "import" / "accounts.csv").open("rb") as source:
        await owner.copy_to_table("copied", source=source, format="csv", header=True, columns=_HEADER.split(","))
    seconds = time.perf_counter() - started
    await owner.close()
    return seconds


async def starting(ground: Ground, amounts: Amounts) -> list[Single]:
    """From the command to `/readyz`, with the embedded Postgres that is there already; and the memory afterwards."""
    port = free_port()
    settings = {"STAGELINE_DATA_DIR": str(ground.folder / "own"), "STAGELINE_LOG_LEVEL": "warning"}
    program = Program(Tree(), stageline("serve", "--port", str(port)), ground.folder / "serve.txt", settings)
    await _start(program, port)  # makes the database
    await program.stop()
    seconds = [await _start(program, port)]
    await asyncio.sleep(_REST_SECONDS)
    megabytes = resident_mib(program.pid) * 2**20 / 1e6
    await program.stop()
    for _ in range(amounts.starts - 1):
        seconds.append(await _start(program, port))
        await program.stop()
    start = statistics.median(seconds)
    return [
        Single("start to ready, warm", start, " s", "≤ 2 s", at_most(start, 2, 1)),
        Single("memory at rest, API and worker", megabytes, " MB", "≤ 200 MB", at_most(megabytes, 200, 120)),
    ]


async def _start(program: Program, port: int) -> float:
    """Seconds until it is ready."""
    started = time.perf_counter()
    program.start()
    await _until_ready(program, port)
    return time.perf_counter() - started


async def _until_ready(program: Program, port: int) -> None:
    async with asyncio.timeout(_START_SECONDS):
        while True:
            try:
                status, _ = await ask(port, _READY)
            except ConnectionError:
                status = 0
            if status == 200:
                return
            if not program.is_running:
                raise RuntimeError(program.said()[-2_000:])
            await asyncio.sleep(_LOOK_SECONDS)
