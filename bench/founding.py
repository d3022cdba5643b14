"""Migrate an empty database and found two organizations in it; prints their ids and keys as JSON."""

import asyncio
import json
import sys
from contextlib import suppress
from typing import Any

import asyncpg

from app.connections import connect_app
from app.core.database import Database
from app.core.migrate import migrate
from app.core.settings import Settings
from app.founding import create_organization
from app.people.directory import key_for_position
from app.people.permissions import Position


async def main(owner_url: str, service_url: str, service_user: str) -> None:
    """Prepare the database as its owner, and found the organizations as the service."""
    owner = await asyncpg.connect(owner_url)
    with suppress(asyncpg.DuplicateObjectError):  # the server has it of another database
        await owner.execute(f"CREATE ROLE {service_user} LOGIN NOINHERIT")
    await owner.close()
    await migrate(owner_url, service_url=service_url)
    database = await connect_app(Settings(DATABASE_URL=service_url))
    print(json.dumps([await _found(database, name) for name in ("Ours", "Theirs")]))
    await database.close()


async def _found(database: Database, name: str) -> dict[str, Any]:
    founded = await create_organization(database, name)
    manager = await key_for_position(database, founded.organization_id, Position.SALES_MANAGER)
    return {"id": str(founded.organization_id), "operations": str(founded.key), "manager": str(manager)}


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
