"""Bringing an installation to what its commands need, and leaving alone one that has it."""

import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import httpx
import pytest

from app.connections import opened, opened_as_worker
from app.core.schema_version import newest_revision, revision_of
from app.core.settings import Settings
from app.installation import migrate_to_newest
from tests.conftest import WayTo


@pytest.fixture
async def new_user(server_url: str) -> AsyncIterator[str]:
    """A user that may take no role yet."""
    name = f"service_{uuid4().hex}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'plain'")
    yield name
    await admin.execute(f"DROP ROLE {name}")
    await admin.close()


async def test_an_empty_database_is_migrated_and_one_of_before_too(
    empty_url: str, settings: Settings, way_to: WayTo
) -> None:
    of_empty = settings.model_copy(update=way_to(empty_url))

    await migrate_to_newest(of_empty)
    owner = await asyncpg.connect(empty_url)
    await owner.execute("UPDATE alembic_version SET version_num = '0033'")
    await owner.execute("DROP FUNCTION add_won_totals CASCADE; DROP TABLE won_totals")  # with its triggers
    await migrate_to_newest(of_empty)
    is_there = await owner.fetchval("SELECT to_regclass('won_totals') IS NOT NULL")
    await owner.close()

    async with opened(of_empty) as database, database.begin_for_all() as tx:
        assert await revision_of(tx) == newest_revision()
    assert is_there


async def test_a_new_user_of_a_current_database_may_act_in_its_roles_afterwards(
    settings: Settings, database_url: str, way_to: WayTo, new_user: str
) -> None:
    url = str(httpx.URL(database_url).copy_with(username=new_user, password="plain"))
    of_new_user = settings.model_copy(update={**way_to(url), "migration_database_url": database_url})

    await migrate_to_newest(of_new_user)

    async with opened(of_new_user) as app, opened_as_worker(of_new_user) as worker:
        users = [await each.use.pool.fetchval("SELECT session_user") for each in (app, worker)]
    assert users == [new_user] * 2


async def test_nothing_is_migrated_that_is_at_the_newest(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "app.core.migrate", raising=False)

    await migrate_to_newest(settings)

    assert "app.core.migrate" not in sys.modules
