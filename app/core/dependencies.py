"""What routes ask for: the database of the running application, and what seals its secrets."""

from typing import Annotated

from fastapi import Depends, Request

from app.core.database import Database
from app.core.secret_box import SecretBox


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


AppDatabase = Annotated[Database, Depends(_database)]


async def _secret_box(request: Request) -> SecretBox:
    box: SecretBox = request.app.state.secret_box
    return box


AppSecretBox = Annotated[SecretBox, Depends(_secret_box)]
