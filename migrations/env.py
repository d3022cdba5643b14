"""How Alembic runs: on a given connection, or on one opened from the settings."""

import asyncio
import re

from alembic import context
from sqlalchemy import Connection

from app.core.migrate import engine_for
from app.core.settings import Settings
from app.tables import metadata

_PARTITION = re.compile(r".+_\d{4}_\d{2}")


def is_described(name: str | None, kind: str, _parents: object) -> bool:
    """Whether the tables in the code describe it: partitions are made at run time."""
    return kind != "table" or name is None or _PARTITION.fullmatch(name) is None


def run(connection: Connection) -> None:
    """Run the migrations on an open connection; it commits by itself, each migration in its own transaction."""
    context.configure(
        connection=connection, target_metadata=metadata, transaction_per_migration=True, include_name=is_described
    )
    with context.begin_transaction():
        context.run_migrations()


async def _run_from_settings() -> None:
    settings = Settings()
    url = settings.migration_database_url or settings.database_url
    if url is None:
        raise SystemExit("DATABASE_URL is needed here; `stageline migrate` also knows the embedded Postgres.")
    engine = engine_for(url)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    asyncio.run(_run_from_settings())
