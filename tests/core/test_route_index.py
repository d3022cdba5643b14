"""The index of routes and the framework's own search find the same route, whatever is asked."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.types import Message, Scope

from app.core.database import Database
from app.core.route_index import RouteIndex
from app.core.settings import Settings
from app.main import create_app

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "get")
ID = "0192d3c4-0000-7000-8000-000000000000"
VALUES = (ID, "batch", "{lead_id} é", "", "x\n")
STRANGE = (
    *("/", "", "//", "/v1", "/v1/", "/v1//leads", "//v1/leads", "/V1/leads", "/v1/Leads", "/v1/leads/", "/v1/leads\n"),
    *("/v1/leads//transitions", "/v1/leads/x/transitions/", "/v1/leads/x/y/z", "/v1/leads%2Fbatch", "v1/leads"),
    *("/v1/leads/by-external-id/a/b/c", "/v1/leads/by-external-id/", "/v1/opportunities/by-external-id/qualification"),
    *("/v1/leads/by-external-id/x/assignment", "/v1/accounts/by-external-id//", "/v2/leads", "/docs/"),
    *(
        "/docs/assets/x",
        "/docs/assets/../main.py",
        "/livez",
        "/livez/",
        "/metrics/x",
        "/problems/not-found",
        "/problems/not-found/",
    ),
)


@pytest.fixture(scope="module")
def searching(settings: Settings, database: Database) -> FastAPI:
    """The same application without the index."""
    app = create_app(settings, database)
    assert isinstance(app.router.routes.pop(0), RouteIndex)
    return app


def paths(app: FastAPI) -> Iterator[str]:
    """Every versioned path of the service, with every value in place of its parameters, and strange ones."""
    for template in sorted({context.path_format or "" for context in iter_route_contexts(app.routes)}):
        if template.startswith("/v1/"):
            named = [_with(template, value) for value in VALUES]
            yield from (*named, f"{named[0]}/", f"{named[0]}/more")
    yield from STRANGE


async def test_every_path_and_method_find_the_same_route(app: FastAPI, searching: FastAPI) -> None:
    asked = [(method, path) for path in dict.fromkeys(paths(searching)) for method in METHODS]
    different = [each for each in asked if await answer(app, *each) != await answer(searching, *each)]

    assert len(asked) > 3_000
    assert different == []


async def test_the_index_finds_what_the_framework_would_have_to_look_for(app: FastAPI) -> None:
    index = app.router.routes[0]
    operations = [
        (method, context)
        for context in iter_route_contexts(app.routes)
        for method in context.methods or ()
        if (context.path or "").startswith("/v1/")
    ]

    found = [index.matches(scope_of(method, context.path_format or "")) for method, context in operations]

    assert len(found) > 100
    assert [scope.get("endpoint") for _, scope in found] == [context.endpoint for _, context in operations]


def _with(template: str, value: str) -> str:
    return "/".join(value if part.startswith("{") else part for part in template.split("/"))


def scope_of(method: str, path: str) -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode("utf-8", "replace"),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"x-request-id", b"1"), (b"host", b"stageline.test")],
        "server": ("stageline.test", 80),
        "client": ("127.0.0.1", 1),
        "scheme": "http",
        "http_version": "1.1",
    }


async def answer(app: FastAPI, method: str, path: str) -> tuple[Any, ...]:
    """What an application answers to a stranger, and which route it chose with which parameters."""
    scope, said = scope_of(method, path), list[Message]()

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        said.append(message)

    await app(scope, receive, send)
    endpoint = getattr(scope.get("endpoint"), "__qualname__", None)
    return getattr(scope.get("route"), "path", None), endpoint, scope.get("path_params"), said
