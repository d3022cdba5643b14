"""The command: `python -m bench.audit.tampering`: some of very many linked entries are tampered with, and named."""

import asyncio
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import asyncpg
import httpx
import typer
from rich.console import Console
from rich.table import Table

from app.audit.verification import Verification
from app.core import request_log
from app.core.database import Database, connect
from app.core.embedded_postgres import EmbeddedPostgres
from app.core.migrate import migrate
from app.core.roles import APP_ROLE, WORKER_ROLE
from app.core.settings import Settings
from tests.builders.audit import fill_audit_log, link_all, links_of, tampering, verified
from tests.department import Department

_DEEDS = {
    "a value edited": "UPDATE audit_log SET after = '{}' WHERE id = $1",
    "an entry deleted": "DELETE FROM audit_log WHERE id = $1",
    "an entry deleted with its link": (
        "WITH entry AS (DELETE FROM audit_log WHERE id = $1) DELETE FROM audit_links WHERE audit_id = $1"
    ),
    "two entries exchanged": (
        "UPDATE audit_links link SET position = 2 * moved.position + 1 - link.position FROM audit_links moved "
        "WHERE moved.audit_id = $1 AND link.organization_id = moved.organization_id "
        "AND link.position IN (moved.position, moved.position + 1)"
    ),
}


def main(entries: Annotated[int, typer.Option(min=100, help="Entries of the log.")] = 100_000) -> None:
    """Link so many entries, tamper with some of them in every way, and verify."""
    request_log.configure("error")
    console = Console(width=120)
    table, figures = asyncio.run(_run(entries))
    console.print(table)
    console.print(figures)


async def _run(entries: int) -> tuple[Table, str]:
    with tempfile.TemporaryDirectory() as home, EmbeddedPostgres(Path(home) / "pg", durable=False) as server:
        await migrate(server.url())
        owner = await asyncpg.connect(server.url())
        app, worker = await _pool(server.url(), APP_ROLE), await _pool(server.url(), WORKER_ROLE)
        async with httpx.AsyncClient() as http:
            department = await Department.found(app, http)
        await fill_audit_log(owner, department, entries, datetime.now(UTC))
        started = time.perf_counter()
        await link_all(worker)
        linked = time.perf_counter()
        clean = await verified(worker, department)
        verified_at = time.perf_counter()
        victims = await _tamper(owner, department)
        damaged = await verified(worker, department)
        for connections in (app, worker):
            await connections.close()
        await owner.close()
    figures = (
        f"{clean.head.position:,} entries linked in {linked - started:.1f} s, verified in {verified_at - linked:.1f} s "
        f"with {len(clean.findings)} findings; at most {_peak_mib()} MiB in this process"
    )
    return _table(victims, damaged), figures


async def _tamper(owner: asyncpg.Connection, department: Department) -> dict[str, int]:
    """Do each deed to another entry; gives their positions."""
    links = await links_of(owner, department)
    victims = {}
    async with tampering(owner):
        for number, (name, deed) in enumerate(_DEEDS.items(), 1):
            victim = links[len(links) * number // (len(_DEEDS) + 1)]
            await owner.execute(deed, victim["audit_id"])
            victims[name] = victim["position"]
    return victims


def _table(victims: dict[str, int], damaged: Verification) -> Table:
    table = Table("what was done", "at position", "what was found")
    for name, position in victims.items():
        found = [
            f"{each.damage} at {each.position}, entry {each.audit_id}"
            for each in damaged.findings
            if each.position is not None and position <= each.position <= position + 2
        ]
        table.add_row(name, str(position), "\n".join(found))
    return table


async def _pool(url: str, role: str) -> Database:
    return await connect(Settings(DATABASE_URL=url), role=role, size=2, acquire_timeout_seconds=5)


def _peak_mib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024


if __name__ == "__main__":
    typer.run(main)
