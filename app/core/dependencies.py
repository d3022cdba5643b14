"""What routes ask for: the database of the running application."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.database import Database


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


AppDatabase = Annotated[Database, Depends(_database)]
