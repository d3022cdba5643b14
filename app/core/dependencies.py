"""What routes ask for: the database of the running application, and what seals its secrets."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.database import Database
from app.core.idempotency import KeyedDatabase
from app.core.secret_box import SecretBox


async def _database(request: Request) -> Database:
    database: Database = getattr(request.state, "database", request.app.state.database)
    return database


async def _released_database(request: Request) -> Database:
    database = await _database(request)
    if isinstance(database, KeyedDatabase):
        database.release()
    return database


AppDatabase = Annotated[Database, Depends(_database)]
ReleasedDatabase = Annotated[Database, Depends(_released_database)]
"""For routes that speak HTTP between blocks: no transaction outlives its block, not even for an `Idempotency-Key`."""


async def _secret_box(request: Request) -> SecretBox:
    box: SecretBox = request.app.state.secret_box
    return box


AppSecretBox = Annotated[SecretBox, Depends(_secret_box)]
