"""A service whose database is at the end of a wire, asked by a person of a department."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from app.connections import connect_app
from app.core.settings import Settings
from app.main import create_app
from tests.builders.wire import Wire
from tests.department import Actor


@asynccontextmanager
async def service_over(wire: Wire, settings: Settings, actor: Actor) -> AsyncIterator[Actor]:
    """The person at a service of its own whose database is at the end of the wire; it asks who calls each time."""
    far = settings.model_copy(update={"database_url": wire.url, "caller_cache_seconds": 0})
    database = await connect_app(far)
    transport = httpx.ASGITransport(app=create_app(far, database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as http:
        yield Actor(actor.user_id, actor.position, actor.team_id, actor.key, http)
    await database.close()
