"""The command: `python -m bench.audit`."""

import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx
import typer
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from app.connections import connect_app
from app.core import request_log
from app.core.embedded_postgres import EmbeddedPostgres
from app.core.migrate import migrate
from app.core.secret_keys import new_key
from app.core.settings import Settings
from app.imports.mapping import load_mapping
from app.imports.run import ImportOrder, run_import
from app.main import create_app
from bench.faults.walk import PIPELINE
from tests.builders.real_data import FOLDER, MAPPING
from tests.department import Actor, Department

LEAD = {"name": "Ann Field", "company_name": "Fields Ltd", "phone": "+1 555 0100"}
Times = dict[str, dict[bool, list[float]]]


def main(
    rounds: Annotated[int, typer.Option(min=2, help="Rounds; in each, everything is measured on and off.")] = 30,
    repeats: Annotated[int, typer.Option(min=1, help="Transitions and leads of a round.")] = 40,
    imports: Annotated[int, typer.Option(min=0, help="Imports of 8,800 deals, on and off each.")] = 3,
) -> None:
    """Compare transitions, new leads and imports with the audit log and without it."""
    request_log.configure("error")
    table = Table("median, ms", "without", "with", "ratio")
    for name, times in asyncio.run(_measure(rounds, repeats, imports)).items():
        off, on = (statistics.median(times[each]) * 1_000 for each in (False, True))
        table.add_row(name, f"{off:,.2f}", f"{on:,.2f}", f"{on / off:.3f}")
    Console(width=100).print(table)


async def _measure(rounds: int, repeats: int, imports: int) -> Times:
    times: Times = {name: {True: [], False: []} for name in ("a transition", "a new lead", "an import of 8,800 deals")}
    with tempfile.TemporaryDirectory() as home, EmbeddedPostgres(Path(home) / "pg", durable=False) as server:
        await migrate(server.url())
        owner = await asyncpg.connect(server.url())
        async with _department(server.url()) as department:
            deal_id, manager = await _deal_to_walk(department)
            for number in range(rounds * 2):
                await _switch(owner, is_on=number % 2 == 0)
                for repeat in range(repeats):
                    move = {"to_stage": "first" if repeat % 2 else "second", "reason": "x"}
                    for name, path, body in (
                        ("a transition", f"/opportunities/{deal_id}/transitions", move),
                        ("a new lead", "/leads", LEAD),
                    ):
                        with _timed(times[name][number % 2 == 0]):
                            await manager.post(path, body)
            for number in range(imports * 2):
                await _switch(owner, is_on=number % 2 == 0)
                with _timed(times["an import of 8,800 deals"][number % 2 == 0]):
                    await _import(department)
        await owner.close()
    return {name: each for name, each in times.items() if each[True]}


@contextmanager
def _timed(times: list[float]) -> Iterator[None]:
    started = time.perf_counter()
    yield
    times.append(time.perf_counter() - started)


async def _deal_to_walk(department: Department) -> tuple[str, Actor]:
    pipeline = await department.operations.post("/pipelines", PIPELINE)
    manager = await department.manager()
    deal = await manager.post("/opportunities", {"name": "Walk", "pipeline_id": pipeline["id"]})
    return str(deal["id"]), manager


@asynccontextmanager
async def _department(url: str) -> AsyncIterator[Department]:
    settings = Settings(DATABASE_URL=url, secret_keys=SecretStr(new_key()))
    database = await connect_app(settings)
    transport = httpx.ASGITransport(app=create_app(settings, database))
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as http:
        yield await Department.found(database, http)
    await database.close()


async def _import(department: Department) -> None:
    other = await Department.found(department.database, department.http)
    await run_import(other.database, other.system, ImportOrder(FOLDER, load_mapping(MAPPING), dry_run=False))


async def _switch(owner: asyncpg.Connection, *, is_on: bool) -> None:
    rows = await owner.fetch(
        "SELECT tgrelid::regclass AS name, quote_ident(tgname) AS trigger FROM pg_trigger "
        "WHERE tgfoid = 'write_audit_log'::regproc"
    )
    for row in rows:
        verb = "ENABLE" if is_on else "DISABLE"
        await owner.execute(f"ALTER TABLE {row['name']} {verb} TRIGGER {row['trigger']}")


if __name__ == "__main__":
    typer.run(main)
