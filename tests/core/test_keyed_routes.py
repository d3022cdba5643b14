"""A keyed request meets races and failures of its own transaction, in routes made for it."""

from collections.abc import AsyncIterator

import asyncpg
import httpx
import pytest
from fastapi import FastAPI, Response

from app.core import problem_handlers
from app.core.database import Database, new_id
from app.core.dependencies import AppDatabase
from app.core.routing import LostRace, router
from app.outbox.record import start
from tests.department import Department

KEY = {"Idempotency-Key": "one"}


@pytest.fixture
async def racing(department: Department, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """`POST /v1/races` writes a subject, loses the first race, wins the second, and says where the record is."""
    app, races = FastAPI(), router("races")
    runs: list[object] = []

    @races.post("/races")
    async def create_race(database: AppDatabase) -> Response:
        async with database.begin(department.system) as tx:
            await start(tx, "race", new_id())
            runs.append(tx)
            if len(runs) == 1:
                raise LostRace
        return Response(status_code=204, headers={"Location": f"/v1/races/{len(runs)}", "ETag": '"7"'})

    app.include_router(races)
    app.state.database = database
    problem_handlers.install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test") as client:
        yield client


async def test_a_lost_race_runs_again_in_a_fresh_transaction(
    racing: httpx.AsyncClient, department: Department, owner: asyncpg.Connection
) -> None:
    first = await racing.post("/v1/races", headers=KEY)
    again = await racing.post("/v1/races", headers=KEY)

    assert (first.status_code, again.status_code) == (204, 204)
    assert (first.headers["Location"], first.headers["ETag"]) == ("/v1/races/2", '"7"')
    assert dict(again.headers) == dict(first.headers) | {"idempotent-replayed": "true"}
    races = "SELECT FROM subjects WHERE organization_id = $1 AND type = 'race'"
    assert len(await owner.fetch(races, department.organization_id)) == 1
