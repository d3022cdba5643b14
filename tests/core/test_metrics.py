import asyncio
import re

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from app.core.database import Database
from app.core.routing import LostRace, router
from app.core.settings import Settings
from app.main import create_app
from tests.department import Department

TOKEN = "a-token-of-its-own"


def client_of(app: FastAPI, host: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=(host, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://stageline.test")


async def figures(client: httpx.AsyncClient) -> dict[str, float]:
    """What `/metrics` says, by the name of each series with its labels."""
    response = await client.get("/metrics")
    assert (response.status_code, response.headers["content-type"].split(";")[0]) == (200, "text/plain"), response.text
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


async def test_requests_are_counted_and_timed_by_the_route_and_never_by_the_path(
    settings: Settings, database: Database, department: Department
) -> None:
    headers = {"Authorization": f"Bearer {department.operations.key}"}
    async with client_of(create_app(settings, database)) as client:
        for path in ("/v1/leads/01a21371-cc74-7295-ac0c-d663458601f7", "/v1/leads/secret", "/v1/leads", "/secret"):
            await client.get(path, headers=headers)
        await client.request("BREW", "/v1/leads", headers=headers)
        told = await figures(client)

    requests = {name: value for name, value in told.items() if name.startswith("stageline_http_requests_total")}
    assert requests == {
        'stageline_http_requests_total{method="GET",route="/v1/leads",status="2xx"}': 1,
        'stageline_http_requests_total{method="GET",route="/v1/leads/{lead_id}",status="4xx"}': 2,
        'stageline_http_requests_total{method="GET",route="unmatched",status="4xx"}': 1,
        'stageline_http_requests_total{method="other",route="/v1/leads",status="4xx"}': 1,
    }
    assert told['stageline_http_request_duration_seconds_count{method="GET",route="/v1/leads/{lead_id}"}'] == 2
    assert told["stageline_http_requests_in_flight"] == 1
    assert not re.search(r"secret|01a21371|[0-9a-f]{8}-[0-9a-f]{4}", " ".join(told))


async def test_an_unexpected_error_counts_as_one(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)

    @app.get("/broken")
    async def break_down() -> None:
        raise ZeroDivisionError

    async with client_of(app) as client:
        await client.get("/broken")
        told = await figures(client)

    assert told['stageline_http_requests_total{method="GET",route="/broken",status="5xx"}'] == 1


async def test_transactions_that_ran_again_are_counted(settings: Settings, database: Database) -> None:
    app, racing, runs = create_app(settings, database), router("racing"), iter([LostRace(), LostRace(), None])

    @racing.post("/races")
    async def run_race() -> None:
        if (lost := next(runs)) is not None:
            raise lost

    app.include_router(racing)
    async with client_of(app) as client:
        answer = await client.post("/v1/races")
        told = await figures(client)

    assert answer.status_code == httpx.codes.OK
    assert told["stageline_transactions_retried_total"] == 2


async def test_the_pool_tells_who_uses_it_and_who_waits(
    settings: Settings, database: Database, department: Department
) -> None:
    async with client_of(create_app(settings, database)) as client:
        before = await figures(client)
        async with database.begin(department.system):
            during = await figures(client)
        after = await figures(client)

    assert before["stageline_database_pool_size"] == settings.database_pool_size
    assert [each["stageline_database_connections_in_use"] for each in (before, during, after)] == [0, 1, 0]
    assert during["stageline_database_acquisitions_total"] == before["stageline_database_acquisitions_total"] + 1


async def test_who_waits_for_a_connection_is_seen_while_waiting(database: Database, department: Department) -> None:
    waited_before = database.use.waited_seconds
    held = [await database.use.acquire() for _ in range(database.use.pool.get_max_size())]

    async def begin() -> None:
        async with database.begin(department.system):
            pass

    waiting = asyncio.create_task(begin())
    await asyncio.sleep(0)
    seen = database.use.waiting
    for connection in held:
        await database.use.release(connection, is_in_order=True)
    await waiting

    assert (seen, database.use.waiting) == (1, 0)
    assert database.use.waited_seconds > waited_before


async def test_open_streams_are_counted(settings: Settings, database: Database) -> None:
    app = create_app(settings, database)
    async with client_of(app) as client:
        async with app.state.event_streams.slot():
            during = await figures(client)
        after = await figures(client)

    assert (during["stageline_event_streams_open"], after["stageline_event_streams_open"]) == (1, 0)


@pytest.mark.parametrize(
    ("token", "host", "headers", "status"),
    [
        ("", "127.0.0.1", {}, 200),
        ("", "::1", {}, 200),
        ("", "192.0.2.7", {}, 401),
        ("", "", {}, 401),
        (TOKEN, "127.0.0.1", {}, 401),
        (TOKEN, "192.0.2.7", {"Authorization": f"Bearer {TOKEN}"}, 200),
        (TOKEN, "192.0.2.7", {"Authorization": f"Bearer {TOKEN}x"}, 401),
        (TOKEN, "192.0.2.7", {"Authorization": TOKEN}, 401),
    ],
)
async def test_metrics_are_for_this_machine_or_for_whoever_has_their_token(  # noqa: PLR0913, PLR0917 # a table
    settings: Settings, database: Database, token: str, host: str, headers: dict[str, str], status: int
) -> None:
    app = create_app(settings.model_copy(update={"metrics_token": SecretStr(token)}), database)

    async with client_of(app, host) as client:
        response = await client.get("/metrics", headers=headers)

    assert response.status_code == status
    assert TOKEN not in response.text
