"""A client that looks twice at every answer, and notes the first one of each kind.

Wherever `If-Match` is taken, a request is first sent with the tag of a version that is not the current one, and then
with the one that the refusal names. Wherever something was created, its `Location` is read.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from tests.builders.operations import operations_of

Json = dict[str, Any]

_STALE = '"999999"'


@dataclass
class Recorded:
    """What was sent and answered, by operation and status, and the problems by their code."""

    answers: dict[str, dict[str, Json]] = field(default_factory=dict)
    problems: dict[str, Json] = field(default_factory=dict)
    preconditions: set[str] = field(default_factory=set)
    mistakes: list[str] = field(default_factory=list)


class RecordingClient(httpx.AsyncClient):
    """Speaks to the application, and notes what is said."""

    def __init__(self, app: FastAPI) -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        super().__init__(transport=transport, base_url="http://stageline.test", timeout=30)
        self.recorded = Recorded()
        self._operations = [
            (re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", each.path)), each)
            for each in sorted(operations_of(app.openapi()), key=lambda each: each.path.count("{"))
        ]

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        name, parameters, takes = self._operation_of(request)
        if "If-Match" in takes:
            await self._send_stale(name, request, **options)
        response = await super().send(request, **options)
        await response.aread()
        self._note(name, parameters, request, response)
        if response.status_code == httpx.codes.CREATED:
            await self._read_location(name, request, response, **options)
        return response

    def _operation_of(self, request: httpx.Request) -> tuple[str, Json, set[str]]:
        for pattern, operation in self._operations:
            match = pattern.fullmatch(request.url.path)
            if match and operation.method == request.method:
                schemas = {each["name"]: each["schema"] for each in operation.parameters}
                given = match.groupdict() | {name: request.url.params.get_list(name) for name in request.url.params}
                return operation.name, {name: _typed(each, schemas[name]) for name, each in given.items()}, set(schemas)
        raise AssertionError(f"the document knows no {request.method} {request.url.path}")

    async def _send_stale(self, name: str, request: httpx.Request, **options: Any) -> None:
        request.headers["If-Match"] = _STALE
        stale = await super().send(request, **options)
        del request.headers["If-Match"]
        if stale.status_code == httpx.codes.PRECONDITION_FAILED:
            self.recorded.problems.setdefault("precondition_failed", stale.json())
        else:
            self.recorded.mistakes.append(f"{name} takes a stale If-Match: {stale.status_code} {stale.text}")
        if "ETag" in stale.headers:  # otherwise it is to be created
            request.headers["If-Match"] = stale.headers["ETag"]

    def _note(self, name: str, parameters: Json, request: httpx.Request, response: httpx.Response) -> None:
        body: Any = json.loads(response.content) if response.content else None
        if response.is_error:
            self.recorded.problems.setdefault(body["code"], body)
            return
        if "If-Match" in request.headers:
            self.recorded.preconditions.add(name)
        given = parameters | {
            each: request.headers[each] for each in ("Idempotency-Key", "If-Match") if each in request.headers
        }
        noted: Json = {"parameters": given}
        if request.content and self._takes_body(name):
            noted["request"] = json.loads(request.content)
        if body is not None:
            noted["response"] = body
        self.recorded.answers.setdefault(name, {}).setdefault(str(response.status_code), noted)

    def _takes_body(self, name: str) -> bool:
        return any(each.name == name and each.body is not None for _, each in self._operations)

    async def _read_location(self, name: str, request: httpx.Request, created: httpx.Response, **options: Any) -> None:
        place = self.build_request(
            "GET", created.headers["Location"], headers={"Authorization": request.headers["Authorization"]}
        )
        read = await super().send(place, **options)
        if (read.status_code, read.headers.get("ETag")) != (httpx.codes.OK, created.headers.get("ETag")):
            self.recorded.mistakes.append(f"what {name} created is not at its Location: {read.status_code}")


def _typed(given: str | list[str], schema: Json) -> Any:
    """A parameter as the document's examples have it: not as text where it is none."""
    if isinstance(given, list):
        return given if schema.get("type") == "array" else _typed(given[0], schema)
    return json.loads(given) if schema.get("type") in {"integer", "boolean"} else given
