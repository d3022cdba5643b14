"""The command: `python -m bench.words`."""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from app.core.embedded_postgres import EmbeddedPostgres
from app.core.migrate import migrate

_ORGANIZATION = uuid4()
_FIRST = ("Ann", "Bo", "Cid", "Dora", "Eve", "Finn", "Gus", "Hal", "Ida", "Jo")
_INSERTS = {
    "leads": """
        INSERT INTO leads (organization_id, id, name, company_name, email, owner_id, team_id, pipeline_id,
            pipeline_version, stage, step, stage_entered_at)
        VALUES ($1, $2, $3, $3 || ' Ltd', $4, $1, $1, $1, 1, 'prospecting', 'prospecting', now())
    """,
    "accounts": """
        INSERT INTO accounts (organization_id, id, name, website, owner_id, team_id) VALUES ($1, $2, $3, $4, $1, $1)
    """,
}


def main(
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; in each, everything is measured on and off.")] = 10,
    repeats: Annotated[int, typer.Option(min=1, help="Records of each kind in a round.")] = 500,
) -> None:
    """Compare inserts of leads and accounts, statements alone, with the words kept and without; no other trigger."""
    table = Table("median, µs", "without", "with")
    for name, (off, on) in asyncio.run(_measure(rounds, repeats)).items():
        table.add_row(name, f"{statistics.median(off):,.0f}", f"{statistics.median(on):,.0f}")
    Console(width=80).print(table)


async def _measure(rounds: int, repeats: int) -> dict[str, tuple[list[float], list[float]]]:
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in _INSERTS}
    with tempfile.TemporaryDirectory() as home, EmbeddedPostgres(Path(home) / "pg", durable=False) as server:
        await migrate(server.url())
        owner = await asyncpg.connect(server.url())
        for name in _INSERTS:
            await owner.execute(f"ALTER TABLE {name} DISABLE TRIGGER ALL")
        for _ in range(rounds):
            for is_on in (False, True):
                for name, found in times.items():
                    await owner.execute(f"ALTER TABLE {name} {'EN' if is_on else 'DIS'}ABLE TRIGGER add_search_words")
                    found[is_on].extend(await _write(owner, _INSERTS[name], repeats))
        await owner.close()
    return times


async def _write(owner: asyncpg.Connection, insert: str, repeats: int) -> list[float]:
    """Microseconds of each insert."""
    organization_id, statement, times = _ORGANIZATION, await owner.prepare(insert), []
    for number in range(repeats):
        words = f"{_FIRST[number % len(_FIRST)]} Field{number % 90}", f"{uuid4().hex[:8]}@fields.example"
        started = time.perf_counter()
        await statement.fetch(organization_id, uuid4(), *words)
        times.append((time.perf_counter() - started) * 1e6)
    return times


if __name__ == "__main__":
    typer.run(main)
