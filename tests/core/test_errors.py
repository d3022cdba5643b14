"""Every error is a problem document, also where the framework or the server answers."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from tests.builders.problem_documents import check_answer, problem_of
from tests.builders.serving import say, served
from tests.department import Department

CANARY = "Canary-7f3a"
ORIGIN = "https://spa.example"


def client_of(app: FastAPI) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(
        transport=transport, base_url="http://stageline.test", event_hooks={"response": [check_answer]}
    )


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", f"/v1/{CANARY}", 404, "not_found"),
        ("GET", "/v1/leads/", 404, "not_found"),
        ("GET", "//v1/leads", 404, "not_found"),
        ("GET", "/v1/%00", 404, "not_found"),
        ("GET", "/v1/%ff%fe", 404, "not_found"),
        ("GET", "/v1/%", 404, "not_found"),
        ("GET", "/docs/assets/%00", 404, "not_found"),
        ("GET", f"/docs/assets/{'x' * 5_000}", 404, "not_found"),
        ("GET", "/docs/assets/../../pyproject.toml", 404, "not_found"),
        ("GET", "/docs/assets/%2e%2e/%2e%2e/pyproject.toml", 404, "not_found"),
        ("POST", "/docs/assets/swagger-ui.css", 405, "method_not_allowed"),
        ("POST", "/openapi.json", 405, "method_not_allowed"),
        ("POST", "/livez", 405, "method_not_allowed"),
        ("BREW", "/v1/leads", 405, "method_not_allowed"),
        ("OPTIONS", "/v1/leads", 405, "method_not_allowed"),
        ("GET", "/v1/leads", 401, "unauthenticated"),
        ("GET", f"/v1/leads/{CANARY}", 401, "unauthenticated"),
        ("POST", "/v1/leads", 401, "unauthenticated"),
    ],
)
async def test_what_the_framework_refuses_is_a_problem_that_repeats_nothing(
    http: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    response = await http.request(method, path)

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert CANARY not in response.text
    assert ("Allow" in response.headers) is (status == httpx.codes.METHOD_NOT_ALLOWED)


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/leads", "GET, POST"),
        ("/v1/webhook-endpoints/01a21371-cc74-7295-ac0c-d663458601f7", "DELETE, GET, PATCH"),
        ("/v1/leads/batch", "POST"),
        ("/v1/opportunities/transition-plans", "POST"),
        ("/docs/assets/swagger-ui.css", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_answered_with_all_that_the_path_knows(
    http: httpx.AsyncClient, path: str, methods: str
) -> None:
    assert (await http.request("PUT", path)).headers["Allow"] == methods


@pytest.mark.parametrize("path", ["/v1/leads/batch", "/v1/opportunities/transition-plans", "/v1/events/stream"])
async def test_a_path_that_is_spelled_out_is_no_id(department: Department, path: str) -> None:
    response = await department.operations.request("PATCH", path.removeprefix("/v1"), json={"name": "A name"})

    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


async def test_the_instance_is_the_path_without_what_the_service_does_not_know(http: httpx.AsyncClient) -> None:
    lead = "/v1/leads/01a21371-cc74-7295-ac0c-d663458601f7"

    known, unknown = (await http.get(lead)).json(), (await http.get(f"/v1/leads/{CANARY}/transitions")).json()

    assert (known["instance"], unknown["instance"]) == (lead, "/v1/leads/-/transitions")


async def test_what_was_not_foreseen_is_a_problem_with_its_request_id_that_a_browser_may_read(
    settings: Settings, database: Database
) -> None:
    app = create_app(settings.model_copy(update={"cors_allowed_origins": [ORIGIN]}), database)

    @app.get("/v1/broken")
    async def break_down() -> None:
        raise ZeroDivisionError(CANARY)

    async with client_of(app) as client:
        response = await client.get("/v1/broken", headers={"Origin": ORIGIN, "X-Request-Id": "mine"})

    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert response.json()["request_id"] == response.headers["X-Request-Id"] == "mine"
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert CANARY not in response.text


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        (f"https://{CANARY}.example", "GET", "authorization"),
        (ORIGIN, CANARY, "authorization"),
        (ORIGIN, "GET", CANARY),
    ],
)
async def test_a_refused_preflight_is_a_problem(
    settings: Settings, database: Database, origin: str, method: str, headers: str
) -> None:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    app = create_app(settings.model_copy(update={"cors_allowed_origins": [ORIGIN]}), database)

    async with client_of(app) as client:
        response = await client.options("/v1/leads", headers=asked)

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert CANARY not in response.text + str(response.headers)


@pytest.mark.parametrize(
    "said",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost stageline\r\n\r\n",
        b"GET /v1/\xff\xfe HTTP/1.1\r\nHost: stageline\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: stageline\r\n\r\n",
        b"CONNECT stageline:443 HTTP/1.1\r\nHost: stageline\r\n\r\n",
        b"POST /v1/leads HTTP/1.1\r\nHost: stageline\r\nContent-Length: minus\r\n\r\n",
        b"POST /v1/leads HTTP/1.1\r\nHost: stageline\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST /v1/leads HTTP/1.1\r\nHost: stageline\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /v1/leads HTTP/1.1\r\nHost: stageline\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nHost: stageline\r\nX-Nul: a\0b\r\n\r\n",
    ],
)
async def test_what_is_no_http_request_is_a_problem_too(app: FastAPI, said: bytes) -> None:
    async with served(app) as port:
        status, headers, body = await say(port, said)

    problem = problem_of(status, httpx.Headers(headers), body)
    assert (status, problem["code"]) == (400, "bad_request")
    assert headers["connection"] == "close"


async def test_an_upgrade_that_is_not_offered_is_answered_as_the_request_that_it_is(app: FastAPI) -> None:
    upgrade = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n"

    async with served(app) as port:
        status, _, _ = await say(port, b"GET /livez HTTP/1.1\r\nHost: stageline\r\n" + upgrade + b"\r\n")

    assert status == httpx.codes.OK


async def test_a_failure_after_the_answer_began_breaks_the_connection_off(
    settings: Settings, database: Database
) -> None:
    app = create_app(settings, database)

    async def begin() -> AsyncIterator[bytes]:
        yield b"the first half"
        raise ZeroDivisionError

    @app.get("/half")
    async def answer_half() -> StreamingResponse:
        return StreamingResponse(begin(), headers={"Content-Length": "28"})

    async with served(app) as port:
        with pytest.raises(asyncio.IncompleteReadError) as told:
            await say(port, b"GET /half HTTP/1.1\r\nHost: stageline\r\n\r\n")

    assert told.value.partial == b"the first half"
