import httpx
import pytest
from fastapi import FastAPI, Response

from app.core import problem_handlers
from app.core.database import CommitFailed
from app.core.routing import LostRace, router


@pytest.mark.parametrize("problem", [LostRace, CommitFailed])
async def test_a_race_lost_for_good_asks_to_try_again(problem: type[Exception]) -> None:
    app, losing = FastAPI(), router("races")

    @losing.post("/races")
    async def run_race() -> Response:
        raise problem

    app.include_router(losing)
    problem_handlers.install(app)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as client:
        answer = await client.post("/v1/races")

    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "1"
