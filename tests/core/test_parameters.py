"""Parameters that are read by what was found out at start are those that FastAPI reads, and are refused as by it."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from app.core import parameters
from app.core.database import Database
from app.core.settings import Settings
from app.main import create_app
from tests.builders.operations import Operation, operations_of
from tests.department import Department

JSON = {"Content-Type": "application/json"}
UNREADABLE = ("", "null", "[]", "{}", "nope", '{"stranger": 1, "name": 1, "items": [{}]}')
HEADERS = (
    *({"If-Match": '"1"'}, {"If-Match": "one", "If-None-Match": "one"}, {"If_Match": "one"}),
    *({"Authorization": ""}, {"Authorization": "Basic abc"}, {"Authorization": "bearer x"}, {"Content-Type": ""}),
)
QUERIES = ("", "limit=1&limit=x", "a=1&a=2&limit=&b=", "cursor=x&limit=0&a=&q=")


@pytest.fixture(scope="module")
def framework(settings: Settings, database: Database) -> FastAPI:
    """The same application, whose routes FastAPI runs itself."""
    with pytest.MonkeyPatch.context() as patching:
        patching.setattr(parameters, "handler_of", lambda _route: None)
        return create_app(settings, database)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_hostile_requests_are_answered_as_by_the_framework(
    app: FastAPI, framework: FastAPI, department: Department, method: str
) -> None:
    operations = [each for each in operations_of(app.openapi()) if each.method.upper() == method]
    different = []
    async with client_of(app, department) as ours, client_of(framework, department) as theirs:
        for request in [request for operation in operations for request in hostile(operation, ours)]:
            mine, other = await ours.send(request), await theirs.send(request)
            if told(mine) != told(other):
                different.append((request.method, request.url, request.headers, mine.text, other.text))

    assert operations
    assert different == []


def test_almost_every_route_is_known(app: FastAPI) -> None:
    routes = [context.original_route for context in iter_route_contexts(app.routes)]
    versioned = [route for route in routes if isinstance(route, APIRoute) and route.path.startswith("/v1/")]
    left = [route.path for route in versioned if parameters.handler_of(route) is None]

    assert len(versioned) > 130
    assert sorted(left) == ["/v1/events/stream", "/v1/webhook-endpoints/{endpoint_id}"]


def client_of(app: FastAPI, department: Department) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {department.operations.key}", "X-Request-Id": "1"}
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://stageline.test", headers=headers)


def hostile(operation: Operation, http: httpx.AsyncClient) -> Iterator[httpx.Request]:
    """Requests that are refused, or read and change nothing."""
    path, body = operation.path_with({}), "{}" if operation.body is not None else None
    if path.endswith("/stream"):  # has no end
        return
    for value in ("x", "%20"):
        yield http.build_request(
            operation.method, re.sub(r"\{\w+\}", value, operation.path), content=body, headers=JSON
        )
    for headers in HEADERS:
        yield http.build_request(operation.method, path, content=body, headers=JSON | headers)
    for query in (*QUERIES, *(f"{name}=x&{name}=y&stranger=1" for name in operation.query)):
        yield http.build_request(operation.method, f"{path}?{query}", content=body, headers=JSON)
    for content in UNREADABLE if operation.body is not None else ():
        yield http.build_request(operation.method, path, content=content, headers=JSON)


def told(answer: httpx.Response) -> tuple[object, ...]:
    """All that is told; how much of a quota is left is counted by each application."""
    headers = [pair for pair in answer.headers.multi_items() if pair[0] != "ratelimit"]
    return answer.status_code, headers, answer.content
