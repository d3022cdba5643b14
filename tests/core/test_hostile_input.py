"""The hostile corpus against every operation of the document: nothing breaks, nothing is repeated, all is explained."""

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from app.core.database import Database
from app.core.settings import Settings
from tests.builders.everything import create_everything, ids_in
from tests.builders.hostile import (
    BODIES,
    CANARY,
    CURSOR_VALUES,
    FIELD_VALUES,
    HEADERS,
    JSON,
    NOT_OBJECTS,
    QUERIES,
    QUERY_VALUES,
    HostileBody,
)
from tests.builders.operations import Operation, fields_of, operations_of, sample
from tests.builders.problem_documents import problem_of
from tests.builders.server_process import ServerProcess, serving_on
from tests.builders.serving import say
from tests.department import Actor, Department

_DEADLINE_SECONDS = 1.0
_LONG_QUERY = b"?q=" + CANARY.encode() + b"x" * 100_000 + b" HTTP/1.1"


@dataclass(frozen=True)
class World:
    """One of everything, somebody who may do each thing, and what the document says can be done."""

    document: dict[str, Any]
    ids: dict[str, str]
    actors: tuple[Actor, Actor]
    http: httpx.AsyncClient

    @property
    def operations(self) -> list[Operation]:
        return operations_of(self.document)

    @property
    def writes(self) -> list[Operation]:
        return [each for each in self.operations if each.body is not None]

    async def send(self, operation: Operation, *, query: str = "", **request: Any) -> httpx.Response:
        """Let the first of them who may send it."""
        headers = request.pop("headers", {})
        for actor in self.actors:
            response = await self.http.request(
                operation.method,
                operation.path_with(self.ids) + query,
                headers={"Authorization": f"Bearer {actor.key}"} | headers,
                **request,
            )
            if response.status_code != httpx.codes.FORBIDDEN:
                break
        return response


@pytest.fixture(scope="module")
async def world(
    app: FastAPI, settings: Settings, database: Database, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://stageline.test", timeout=30) as http:
        department = await Department.found(database, http)
        created = await create_everything(department, settings, Path(tmp_path_factory.mktemp("import")))
        document = app.openapi()
        ids = ids_in(list(created.values()), list(document["paths"]))
        ids |= {"owner_id": ids["user_id"], "to_user_id": ids["user_id"]}
        yield World(document, ids, (department.operations, await department.manager()), http)


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[ServerProcess]:
    """A process of its own that waits for bodies no longer than a second."""
    with serving_on(settings, body_deadline_seconds=_DEADLINE_SECONDS) as server:
        yield server


def refusal(response: httpx.Response) -> dict[str, Any]:
    """The problem that an answer is, which repeats nothing of the input."""
    assert CANARY not in response.text
    assert CANARY not in str(response.headers)
    return problem_of(response.status_code, response.headers, response.content)


def request_head(operation: Operation, ids: dict[str, str], key: str, *headers: str) -> bytes:
    lines = [
        f"{operation.method} {operation.path_with(ids)} HTTP/1.1",
        "Host: stageline.test",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode()


def check_tolerable(response: httpx.Response, why: object) -> None:
    """Taken or refused, as the field likes; never broken."""
    assert response.status_code < httpx.codes.INTERNAL_SERVER_ERROR, (why, response.text)
    if response.is_error:
        refusal(response)


@pytest.mark.parametrize("hostile", BODIES, ids=lambda each: each.name)
async def test_no_operation_reads_a_hostile_body(world: World, hostile: HostileBody) -> None:
    for operation in world.writes:
        response = await world.send(operation, content=hostile.content, headers=hostile.headers)

        problem = refusal(response)
        assert response.status_code == hostile.status, (operation.name, response.text)
        if hostile.code is not None:
            places = [(each["pointer"], each["code"]) for each in problem["errors"]]
            assert places == [(hostile.pointer, hostile.code)]
    assert len(world.writes) > 50


async def test_no_operation_breaks_on_a_body_of_another_shape(world: World) -> None:
    for operation in world.writes:
        for content in NOT_OBJECTS:
            response = await world.send(operation, content=content, headers={"Content-Type": JSON})

            check_tolerable(response, (operation.name, content))


@pytest.mark.parametrize("part", range(8))
async def test_no_field_of_any_body_breaks_on_a_hostile_value(world: World, part: int) -> None:
    tried = 0
    for operation in world.writes[part::8]:
        assert operation.body is not None
        body = sample(world.document, operation.body, world.ids)
        for name in fields_of(world.document, operation.body):
            for value in FIELD_VALUES:
                response = await world.send(operation, json={**body, name: value})

                check_tolerable(response, (operation.name, name, value))
                tried += 1
    assert tried > 500


async def test_no_parameter_of_any_query_breaks_on_a_hostile_value(world: World) -> None:
    tried = 0
    for operation in world.operations:
        if operation.name == "stream_events":  # endless when it is content
            continue
        for name in operation.query:
            for value in QUERY_VALUES:
                response = await world.send(operation, query=f"?{name}={value}")

                check_tolerable(response, (operation.name, name, value))
                tried += 1
    assert tried > 2_000


async def test_no_moment_and_no_day_of_any_query_is_a_number(world: World) -> None:
    asked = [
        (operation, parameter["name"])
        for operation in world.operations
        for parameter in operation.parameters
        if parameter["in"] == "query" and '"format": "date' in json.dumps(parameter)
    ]

    refusals = [refusal(await world.send(operation, query=f"?{name}=0.5")) for operation, name in asked]

    assert len(asked) > 10
    assert [(each["status"], each["errors"][0]["pointer"]) for each in refusals] == [
        (422, f"/query/{name}") for _, name in asked
    ]


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query[:20])
async def test_no_operation_reads_a_hostile_query(world: World, query: str) -> None:
    for operation in world.operations:
        if operation.name != "stream_events":
            check_tolerable(await world.send(operation, query=f"?{query}"), operation.name)


@pytest.mark.parametrize(
    ("query", "pointer", "code"),
    [
        ("q=a%00b", "/query/q", "nul"),
        ("limit=1&q=%ED%A0%80", "/query/q", "not_utf_8"),
        ("q=50%", "/query/q", "not_encoded"),
        (f"%00{CANARY}=1", "/query", "nul"),
        ("q=" + "a" * 17_000, "/query", "too_long"),
        ("limit=12345678901234567890", "/query/limit", "less_than_equal"),
        (f"{CANARY}=1", "/query", "extra_forbidden"),
        ("canary_7f3a=1", "/query", "extra_forbidden"),
        ("canary_7f3a=%00", "/query", "nul"),
    ],
)
async def test_a_query_that_cannot_be_read_is_refused_at_its_parameter(
    world: World, query: str, pointer: str, code: str
) -> None:
    response = await world.actors[0].http.get(
        f"/v1/leads?{query}", headers={"Authorization": f"Bearer {world.actors[0].key}"}
    )

    problem = refusal(response)
    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [(pointer, code)]


async def test_every_operation_refuses_a_query_of_100_kilobytes(world: World, server: ServerProcess) -> None:
    for operation in world.operations:
        head = request_head(operation, world.ids, world.actors[0].key).replace(b" HTTP/1.1", _LONG_QUERY, 1)
        status, headers, body = await say(httpx.URL(server.url).port or 0, head)

        assert problem_of(status, httpx.Headers(headers), body)["code"] == "headers_too_large"
        assert CANARY.encode() not in body


@pytest.mark.parametrize("sort", ["name", "created_at", "-updated_at"])
async def test_no_value_in_a_cursor_breaks_its_list(world: World, sort: str) -> None:
    (list_accounts,) = [each for each in world.operations if each.name == "list_accounts"]
    cursor = (await world.send(list_accounts, query=f"?limit=1&sort={sort}")).json()["next_cursor"]
    place = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))

    for index in (0, 1, 2):
        for value in CURSOR_VALUES:
            forged = urlsafe_b64encode(json.dumps([*place[:index], value, *place[index + 1 :]]).encode()).decode()
            response = await world.send(list_accounts, query=f"?limit=1&sort={sort}&cursor={forged.rstrip('=')}")

            check_tolerable(response, (index, value))


@pytest.mark.parametrize(("name", "value"), HEADERS, ids=lambda text: text[:20])
async def test_no_operation_breaks_on_a_hostile_header(world: World, name: str, value: str) -> None:
    for operation in world.operations:
        if operation.name != "stream_events":
            response = await world.send(operation, headers={name: value.encode("latin-1")})

            check_tolerable(response, operation.name)


@pytest.mark.parametrize("place", [CANARY, "%00", "%ED%A0%80", "9" * 5_000, "..%2f..%2f", "%2e%2e", "x" * 10_000])
async def test_no_operation_breaks_on_a_hostile_path(world: World, place: str) -> None:
    for operation in world.operations:
        if "{" in operation.path:
            hostile = World(world.document, dict.fromkeys(world.ids, place), world.actors, world.http)

            check_tolerable(await hostile.send(operation), operation.name)


@pytest.mark.parametrize("name", ["canary_7f3a", "colour", f"{CANARY} <b>", "Name", "~0~1", ""])
async def test_no_operation_repeats_the_name_of_an_unknown_field(world: World, name: str) -> None:
    for operation in world.writes:
        body = sample(world.document, operation.body or {}, world.ids)
        for unknown in ({**body, name: 1} if isinstance(body, dict) else [{name: 1}], {name: {name: float("nan")}}):
            response = await world.send(operation, content=json.dumps(unknown), headers={"Content-Type": JSON})

            pointers = [each["pointer"] for each in refusal(response)["errors"]]
            assert not name or f"/{name}" not in str(pointers), operation.name


async def test_an_unknown_field_is_refused_at_the_object_that_has_it(world: World) -> None:
    (create_batch,) = [each for each in world.operations if each.name == "create_lead_batch"]

    response = await world.send(create_batch, json={"items": [{"name": "Ann"}, {"name": "Bo", "canary": 1}]})

    places = [(each["pointer"], each["code"]) for each in refusal(response)["errors"]]
    assert places == [("/items/1", "extra_forbidden")]


async def test_every_operation_gives_up_on_a_body_that_does_not_arrive(world: World, server: ServerProcess) -> None:
    async def dawdle(operation: Operation) -> tuple[int, dict[str, str], bytes]:
        head = request_head(operation, world.ids, world.actors[0].key, "Content-Length: 100")
        return await say(httpx.URL(server.url).port or 0, head, b'{"name": "', CANARY.encode())

    answers = await asyncio.gather(*map(dawdle, world.writes))

    for status, headers, body in answers:
        assert problem_of(status, httpx.Headers(headers), body)["code"] == "request_timeout"
        assert (status, headers["connection"]) == (408, "close")
        assert CANARY.encode() not in body


async def test_a_body_that_drips_gets_no_further_time(world: World, server: ServerProcess) -> None:
    (create_lead,) = [each for each in world.operations if each.name == "create_lead"]
    head = request_head(create_lead, world.ids, world.actors[0].key, "Transfer-Encoding: chunked")
    drops = [b"1\r\n \r\n"] * 15
    clock = asyncio.get_running_loop().time
    started = clock()

    status, _, _ = await say(httpx.URL(server.url).port or 0, head, *drops, pause_seconds=0.1)

    assert status == httpx.codes.REQUEST_TIMEOUT
    assert clock() - started < _DEADLINE_SECONDS * 3


async def test_every_operation_stops_reading_a_chunked_body_at_its_limit(world: World, server: ServerProcess) -> None:
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"

    for operation in world.writes:
        head = request_head(operation, world.ids, world.actors[0].key, "Transfer-Encoding: chunked")
        status, headers, body = await say(httpx.URL(server.url).port or 0, head, *[chunk] * 17)

        problem = problem_of(status, httpx.Headers(headers), body)
        assert (status, problem["code"]) == (413, "payload_too_large")
