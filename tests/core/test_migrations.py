"""Migrations: up, equal to the tables in the code, down, and up again; one at a time."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest

from app.core.migrate import check, downgrade, migrate
from tests.conftest import with_database


@pytest.fixture
async def empty_url(server_url: str) -> AsyncIterator[str]:
    name = f"stageline_empty_{uuid4().hex}"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE {name}")
    yield with_database(server_url, name)
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


async def test_up_gives_what_the_code_describes(empty_url: str) -> None:
    await migrate(empty_url)

    await check(empty_url)


async def test_down_and_up_again(empty_url: str) -> None:
    await migrate(empty_url)

    await downgrade(empty_url, "base")
    await migrate(empty_url)

    await check(empty_url)


async def test_two_at_once_wait_for_each_other(empty_url: str) -> None:
    await asyncio.gather(migrate(empty_url), migrate(empty_url))

    await check(empty_url)
