"""Logs say what happened, and never what somebody sent."""

import json
from collections.abc import Iterator
from io import StringIO
from uuid import uuid4

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI

from app.core import request_log
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from tests.builders.server_process import serving_on
from tests.builders.serving import say
from tests.department import Department

CANARY = "Canary-7f3a"


@pytest.fixture
def log() -> Iterator[StringIO]:
    """What this process logs."""
    request_log.configure("debug")
    written = StringIO()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(written))
    yield written
    structlog.reset_defaults()


def breaking(settings: Settings, database: Database) -> FastAPI:
    app = create_app(settings, database)

    @app.post("/broken")
    async def break_down() -> None:
        try:
            raise asyncpg.UniqueViolationError(CANARY)
        except asyncpg.PostgresError as error:
            raise RuntimeError(CANARY) from error

    return app


async def test_a_process_logs_neither_credentials_nor_bodies_nor_paths(
    settings: Settings, department: Department
) -> None:
    with serving_on(settings, log_level="debug") as server:
        async with httpx.AsyncClient(base_url=server.url) as client:
            good = {"Authorization": f"Bearer {department.operations.key}"}
            bad = {"Authorization": f"Bearer {CANARY}", "Cookie": CANARY, "X-Request-Id": f"{CANARY} {CANARY}"}
            statuses = [
                (await client.post("/v1/leads", headers=good, json={"name": CANARY, "email": "a@example.com"})),
                (await client.post("/v1/leads", headers=good, json={"name": CANARY, "email": "a@example.com"})),
                (await client.post("/v1/leads", headers=good, json={CANARY: CANARY})),
                (await client.post("/v1/leads", headers=good, content=f"{{{CANARY}")),
                (await client.get(f"/v1/leads?q={CANARY}&cursor={CANARY}", headers=good)),
                (await client.get(f"/{CANARY}/{CANARY}?{CANARY}", headers=bad)),
                (await client.get("/v1/leads", headers=bad)),
            ]
            await say(client.base_url.port or 0, f"{CANARY} {CANARY}\r\n\r\n".encode())
        logged = server.output.read_text()

    assert [each.status_code for each in statuses] == [201, 409, 422, 415, 422, 404, 401]
    assert logged.count('"event": "request"') >= len(statuses)
    assert CANARY not in logged
    assert department.operations.key not in logged


async def test_refused_credentials_and_permissions_are_logged_with_who_asked(
    settings: Settings, database: Database, department: Department, log: StringIO
) -> None:
    transport = httpx.ASGITransport(app=create_app(settings, database), client=("192.0.2.7", 4_000))
    person = await department.representative()
    target = {"metric": "won_amount", "target_value": "1", "currency": "USD", "team_id": str(uuid4()), "period": "2026"}
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test/v1") as client:
        nobody = await client.get("/leads", headers={"Authorization": f"Bearer {CANARY}"})
        representative = {"Authorization": f"Bearer {person.key}"}
        forbidden = await client.post("/team-targets", headers=representative, json=target)
        seen = await client.get("/leads", headers=representative)

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    refused = [line for line in lines if line["event"] == "access refused"]
    caller = {
        "organization": str(department.organization_id),
        "user": str(person.user_id),
        "credential": person.key.split("_")[1],
    }
    assert [nobody.status_code, forbidden.status_code, seen.status_code] == [401, 403, 200]
    assert [(line["level"], line["code"], line["method"], line["route"]) for line in refused] == [
        ("warning", "unauthenticated", "GET", "/v1/leads"),
        ("warning", "forbidden", "POST", "/v1/team-targets"),
    ]
    assert [line["id"] for line in refused] == [each.headers["X-Request-Id"] for each in (nobody, forbidden)]
    assert {line["client_address"] for line in refused} == {"192.0.2.7"}
    assert "user" not in refused[0]
    assert refused[1].items() >= caller.items()
    (answered,) = [line for line in lines if line["event"] == "request" and line["status"] == httpx.codes.OK]
    assert answered.items() >= caller.items()
    assert CANARY not in log.getvalue()


async def test_an_unexpected_error_is_told_by_its_types_and_frames_without_its_words(
    settings: Settings, database: Database, log: StringIO
) -> None:
    transport = httpx.ASGITransport(app=breaking(settings, database), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test") as client:
        response = await client.post("/broken", json={"name": CANARY})

    logged = log.getvalue()
    (told,) = [line for line in map(json.loads, logged.splitlines()) if line["event"] == "unexpected error"]
    assert response.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert told["exception"].startswith("RuntimeError\n")
    assert "caused by UniqueViolationError\n" in told["exception"]
    assert "break_down" in told["exception"]
    assert CANARY not in logged
