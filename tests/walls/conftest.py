"""Two organizations with one of everything each, behind both walls, either one, or neither."""

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from app.connections import connect_app
from app.core.settings import Settings
from app.main import create_app
from app.people.permissions import Position
from tests.builders.everything import create_everything, ids_in
from tests.builders.strangers import Holdings, Strangers
from tests.builders.walls import Walls, without_clauses, without_policies
from tests.conftest import TEMPLATE, WayTo
from tests.department import Department

_WITHOUT_LOCATION = {
    "event_id": "SELECT id FROM events WHERE organization_id = $1 LIMIT 1",
    "delivery_id": "SELECT id FROM webhook_deliveries WHERE organization_id = $1 LIMIT 1",
}


@dataclass(frozen=True)
class Neighbours:
    """Strangers, and what the organization holds that they must not see."""

    walls: Walls
    strangers: Strangers
    owner: asyncpg.Connection
    theirs: Department
    holdings: Holdings

    async def changed_tables(self) -> list[str]:
        """The tables in which their rows are not what they were."""
        now = await Holdings.read(self.owner, self.theirs.organization_id)
        return [table for table, rows in now.rows.items() if rows != self.holdings.rows[table]]


@pytest.fixture(scope="module")
async def neighbours(
    request: pytest.FixtureRequest,
    settings: Settings,
    server_url: str,
    way_to: WayTo,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Neighbours]:
    walls: Walls = request.param
    async with AsyncExitStack() as stack:
        if not walls.has_policies:
            name = f"stageline_open_{os.getpid()}"
            url = await stack.enter_async_context(without_policies(server_url, TEMPLATE, name))
            settings = settings.model_copy(update=way_to(url))
        owner = await asyncpg.connect(settings.session_url)
        stack.push_async_callback(owner.close)
        database = await connect_app(settings)
        stack.push_async_callback(database.close)
        app = create_app(settings, database)
        http, paths = await stack.enter_async_context(_client(app)), list(app.openapi()["paths"])
        ours, theirs = [await Department.found(database, http) for _ in range(2)]
        ids = [
            await _fill(department, settings, owner, paths, Path(tmp_path_factory.mktemp("import")))
            for department in (ours, theirs)
        ]
        people = {position: await ours.hire(position, "north") for position in Position}
        if not walls.has_clauses:
            database = await stack.enter_async_context(without_clauses(settings))
        app = create_app(settings, database)
        strangers = Strangers(app, await stack.enter_async_context(_client(app)), people, *ids)
        yield Neighbours(walls, strangers, owner, theirs, await Holdings.read(owner, theirs.organization_id))


def _client(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://stageline.test", timeout=30)


async def _fill(
    department: Department, settings: Settings, owner: asyncpg.Connection, paths: list[str], folder: Path
) -> dict[str, str]:
    """Make one of everything, and give the ids by the names that paths have for them."""
    created = await create_everything(department, settings, folder)
    ids = ids_in(list(created.values()), paths)
    for name, sql in _WITHOUT_LOCATION.items():
        ids[name] = str(await owner.fetchval(sql, department.organization_id))
    return ids
