"""A database whose owner is no superuser: row-level security is forced on the functions that act as the owner too."""

from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest

from app.connections import connect_app
from app.core.migrate import migrate
from app.core.settings import Settings
from app.main import create_app
from tests.builders.audit import link_all, verified
from tests.builders.months import worker_connections
from tests.builders.people_held import Words, where_named
from tests.conftest import WayTo
from tests.department import Department


@pytest.fixture
async def plain_settings(server_url: str, way_to: WayTo, settings: Settings) -> AsyncIterator[Settings]:
    """The settings of a service on such a database."""
    name = f"plain_{uuid4().hex}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE ROLE {name} LOGIN CREATEROLE NOSUPERUSER NOBYPASSRLS PASSWORD 'plain'")
    await admin.execute(f"GRANT stageline_app, stageline_worker TO {name} WITH ADMIN OPTION")
    await admin.execute(f"CREATE DATABASE {name} OWNER {name}")
    url = str(httpx.URL(server_url).copy_with(path=f"/{name}", username=name, password="plain"))
    await migrate(url)
    yield settings.model_copy(update=way_to(url))
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.execute(f"DROP ROLE {name}")
    await admin.close()


async def test_the_log_is_written_and_people_are_erased(plain_settings: Settings) -> None:
    app_database = await connect_app(plain_settings)
    transport = httpx.ASGITransport(app=create_app(plain_settings, app_database))
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as http:
        department, words = await Department.found(app_database, http), Words()
        lead = await department.operations.post("/leads", {"name": words.name, "email": words.email})
        async with worker_connections(plain_settings) as worker:
            await link_all(worker)
            await department.operations.post(f"/leads/{lead['id']}/erasure", expect=200)
            await link_all(worker)
            verification = await verified(worker, department)
    await app_database.close()

    owner = await asyncpg.connect(plain_settings.session_url)
    await owner.execute("SELECT set_config('app.organization_id', $1, false)", str(department.organization_id))
    held = [await where_named(owner, each, department.organization_id) for each in (words.name, words.email)]
    bodies = await owner.fetchval("SELECT count(*) FROM events")
    await owner.close()
    assert held == [[], []]
    assert (bodies, verification.findings) == (2, [])
    assert verification.erased == 1
