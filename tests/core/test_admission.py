"""Who is let in when a process has enough to do, and who takes nobody's place."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
from fastapi import FastAPI

from app.core.admission import Admission, Admitted
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from tests.builders.held_application import HeldApplication
from tests.builders.problem_documents import problem_of


@dataclass
class House:
    """An application behind the door, with room for two."""

    inside: HeldApplication
    admission: Admission
    client: httpx.AsyncClient

    async def enter(self, path: str, *, content: AsyncIterator[bytes] | None = None) -> "asyncio.Task[httpx.Response]":
        """Begin a request, and wait until the application has it."""
        request = asyncio.create_task(self.client.post(path, content=content))
        await self.inside.entered.acquire()
        return request


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    admission, inside, app = Admission(most=2), HeldApplication(), FastAPI()
    app.mount("/", inside)
    app.add_middleware(Admitted, admission=admission)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test") as client:
        yield House(inside, admission, client)


async def test_one_more_than_there_may_be_is_refused_before_anything_is_done() -> None:
    async with house() as held:
        begun = [await held.enter("/held") for _ in range(2)]
        refused = await held.client.post("/held")
        held.inside.go_on.set()
        answers = await asyncio.gather(*begun)
        afterwards = await held.client.post("/held")

    assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
    assert problem_of(503, refused.headers, refused.content)["code"] == "overloaded"
    assert [each.status_code for each in (*answers, afterwards)] == [204, 204, 204]
    assert (len(held.inside.seen), held.admission.refused, held.admission.in_flight) == (3, 1, 0)


async def test_an_answer_that_has_begun_takes_nobodys_place() -> None:
    async with house() as held:
        streams = [await held.enter("/stream") for _ in range(5)]
        for _ in streams:
            await held.inside.entered.acquire()
        answer = await held.client.post("/")
        held.inside.go_on.set()
        await asyncio.gather(*streams)

    assert answer.status_code == 204
    assert held.admission.in_flight == 0


async def test_a_body_that_is_still_to_come_takes_nobodys_place() -> None:
    admission, inside, come = Admission(most=2), HeldApplication(), asyncio.Event()
    door = Admitted(inside, admission)
    waiting = asyncio.Semaphore(0)

    async def dawdle() -> dict[str, object]:
        waiting.release()
        await come.wait()
        return {"type": "http.request", "body": b""}

    async def ignore(_message: object) -> None:
        """Nobody reads the answer."""

    scope = {"type": "http", "path": "/"}
    slow = [asyncio.create_task(door(dict(scope), dawdle, ignore)) for _ in range(5)]
    for _ in range(2):
        await waiting.acquire()
    in_flight_meanwhile = admission.in_flight
    come.set()
    await asyncio.gather(*slow)

    assert in_flight_meanwhile == 0
    assert (admission.in_flight, admission.refused, len(inside.seen)) == (0, 0, 5)


async def test_a_request_that_breaks_gives_its_place_back() -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError

    admission = Admission(most=1)
    app = FastAPI()
    app.mount("/", broken)
    app.add_middleware(Admitted, admission=admission)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as client:
        answers = [await client.get("/") for _ in range(3)]

    assert [each.status_code for each in answers] == [500, 500, 500]


async def test_health_and_metrics_answer_when_nobody_else_is_let_in(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)
    app.state.admission.in_flight = settings.max_requests_in_flight
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test") as client:
        refused = await client.get("/v1/me")
        answers = {path: (await client.get(path)).status_code for path in ("/livez", "/readyz", "/metrics")}
        metrics = (await client.get("/metrics")).text

    assert refused.status_code == 503
    assert answers == {"/livez": 200, "/readyz": 200, "/metrics": 200}
    assert "\nstageline_requests_refused_total 1.0\n" in metrics
