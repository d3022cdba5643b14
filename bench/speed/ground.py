"""Where both sides are measured: one durable Postgres, and a template database of each size that is kept for later."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import asyncpg

from app.core.embedded_postgres import EmbeddedPostgres
from bench.processes import OWN_ROOT, Tree
from bench.stage import Organization, Stage, found, note_commit_times

_DATA = Path(__file__).with_name("data.sql")
_NO_ORGANIZATION = Organization("", "", "")


@dataclass(frozen=True, slots=True)
class Ground:
    """A running Postgres; `home` keeps its data and what is known about its templates."""

    postgres: EmbeddedPostgres
    tree: Tree
    home: Path
    folder: Path

    async def stage(self, deals: int) -> Stage:
        """A stage whose databases have so many deals; the first time that takes minutes per million."""
        empty = Stage(self.postgres, self.tree, self.folder, (_NO_ORGANIZATION, _NO_ORGANIZATION), f"speed_{deals}")
        note = self.home / f"speed_{deals}.json"
        kept = json.loads(note.read_text()) if note.exists() else {}
        if kept.get("made_from") == _made_from(self.tree):
            ours, theirs = (Organization(**each) for each in kept["organizations"])
            return replace(empty, organizations=(ours, theirs))
        stage = await self._build(empty, deals)
        told = {"made_from": _made_from(self.tree), "organizations": [asdict(each) for each in stage.organizations]}
        note.write_text(json.dumps(told))
        return stage

    async def _build(self, stage: Stage, deals: int) -> Stage:
        admin = await asyncpg.connect(stage.owner_url("postgres"))
        await admin.execute(f"DROP DATABASE IF EXISTS {stage.template} WITH (FORCE)")
        await admin.close()
        organizations = await found(self.postgres, self.tree, self.folder, stage.template)
        owner = await asyncpg.connect(stage.owner_url(stage.template))
        if deals:
            await owner.execute(f"SET bench.deals = {deals}; SET bench.organization_id = '{organizations[0].id}'")
            await owner.execute(_DATA.read_text())
        await owner.execute("VACUUM ANALYZE")
        await owner.execute("CHECKPOINT")
        await owner.close()
        return replace(stage, organizations=organizations)


@asynccontextmanager
async def opened(home: Path, folder: Path) -> AsyncIterator[Ground]:
    """The ground below `home`, which stays; programs say what they have to say into `folder`."""
    home.mkdir(parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(home / "postgres", durable=True)
    await asyncio.to_thread(postgres.start)
    try:
        await note_commit_times(postgres)
        await _drop_leftovers(postgres)
        yield Ground(postgres, Tree(), home, folder)
    finally:
        await asyncio.to_thread(postgres.stop)


async def _drop_leftovers(postgres: EmbeddedPostgres) -> None:
    """Drop the databases of a run that was killed."""
    admin = await asyncpg.connect(postgres.url())
    for row in await admin.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'faults\\_%'"):
        await admin.execute(f"DROP DATABASE {row['datname']} WITH (FORCE)")
    await admin.close()


def _made_from(tree: Tree) -> str:
    """What a template depends on: the schema and the data."""
    sources = [_DATA, OWN_ROOT / "bench/founding.py", *sorted((tree.root / "migrations/versions").glob("*.py"))]
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()
