"""Two organizations on one database, each with one of everything, and what the people of one ask about the other."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import FastAPI

from app.people.permissions import MATRIX, Position, Reach
from app.workflow.pipeline import Subject
from app.workflow.standard import standard_definition
from tests.builders.operations import Operation, fields_of, operations_of, sample
from tests.builders.routes import permissions_by_route
from tests.department import Actor

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ENDLESS = "stream_events"
_BODIES: Mapping[str, Any] = {
    "create_pipeline_version": {"definition": standard_definition(Subject.OPPORTUNITY).model_dump(mode="json")},
    "replace_team_target_allocations": [],
}
"""Bodies that a schema alone does not make: one that is refused as such never comes to the record."""
_OF_ORGANIZATIONS = (
    "SELECT c.table_name, array_agg(c.column_name::text) FILTER (WHERE c.data_type = 'uuid') AS ids "
    "FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name) "
    "WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' GROUP BY c.table_name "
    "HAVING bool_or(c.column_name = 'organization_id') ORDER BY c.table_name"
)


@dataclass(frozen=True)
class Holdings:
    """What an organization has: its rows by table, and every id in them."""

    rows: dict[str, list[str]]
    ids: set[str]

    @classmethod
    async def read(cls, owner: asyncpg.Connection, organization_id: UUID) -> "Holdings":
        rows, ids = {}, {str(organization_id)}
        for table, columns in await owner.fetch(_OF_ORGANIZATIONS):
            found = await owner.fetch(
                f"SELECT row.*::text AS text, ARRAY[{', '.join(columns)}] AS ids "  # noqa: S608 # names from the catalogue
                f"FROM {table} row WHERE organization_id = $1 ORDER BY 1",
                organization_id,
            )
            rows[table] = [each["text"] for each in found]
            ids |= {str(id_) for each in found for id_ in each["ids"] if id_ is not None}
        return cls(rows, ids)


@dataclass(frozen=True)
class Asked:
    """The same request about a record of the others and about one that nobody has, and both answers."""

    operation: Operation
    position: Position
    what: str
    foreign: httpx.Response
    unknown: httpx.Response

    @property
    def name(self) -> str:
        return f"{self.position} {self.operation.name} {self.what}"

    @property
    def differs(self) -> bool:
        """Whether the two answers tell the records apart, but for the ids that were sent."""
        return _comparable(self.foreign) != _comparable(self.unknown)


@dataclass(frozen=True)
class Strangers:
    """People of every position, the ids of what is theirs, and those of what is not."""

    app: FastAPI
    http: httpx.AsyncClient
    people: Mapping[Position, Actor]
    own: Mapping[str, str]
    foreign: Mapping[str, str]

    @property
    def operations(self) -> list[Operation]:
        return [each for each in operations_of(self.app.openapi()) if each.name != _ENDLESS]

    def expected_status(self, operation: Operation, position: Position) -> int:
        """403 where the matrix gives the position no reach at all, 404 everywhere else."""
        (action,) = permissions_by_route(self.app)[f"{operation.method} {operation.path}"]
        is_refused = action is not None and MATRIX[action][position] is Reach.NONE
        return httpx.codes.FORBIDDEN if is_refused else httpx.codes.NOT_FOUND

    async def ask_for_all(self, position: Position) -> list[Asked]:
        """Every operation on a record, with the record of the others."""
        return [
            await self._ask(position, operation, names)
            for operation in self.operations
            if (names := _id_parameters(operation))
        ]

    async def ask_below_own(self, position: Position) -> list[Asked]:
        """Every operation on a part of a record, with an own record and a part of the others'."""
        return [
            await self._ask(position, operation, names[-1:])
            for operation in self.operations
            if len(names := _id_parameters(operation)) > 1
        ]

    async def _ask(self, position: Position, operation: Operation, names: list[str]) -> Asked:
        body = None
        if operation.body is not None:
            found = _BODIES.get(operation.name)
            body = sample(self.app.openapi(), operation.body, self.own) if found is None else found
        pair = [
            await self._send(position, operation, {**self.own, **ids}, json=body)
            for ids in ({name: self.foreign[name] for name in names}, {name: _unknown(name) for name in names})
        ]
        return Asked(operation, position, "/".join(names), *pair)

    async def mention_all(self, position: Position) -> list[Asked]:
        """Every operation on own records, with every field of its body that names a record naming one of the others."""
        asked, document = [], self.app.openapi()
        for operation in (each for each in self.operations if each.body is not None):
            body = sample(document, operation.body or {}, self.own)
            for field in fields_of(document, operation.body or {}):
                if (name := _named_by(operation, field, self.foreign)) is None:
                    continue
                pair = [
                    await self._send(position, operation, self.own, json=body | {field: _as_many(field, id_)})
                    for id_ in (self.foreign[name], str(uuid4()))
                ]
                asked.append(Asked(operation, position, field, *pair))
        return asked

    async def filter_all(self, position: Position) -> list[Asked]:
        """Every list, with every filter that names a record naming one of the others."""
        asked = []
        for operation in self.operations:
            for field in operation.query:
                if (name := _named_by(operation, field, self.foreign)) is None:
                    continue
                pair = [
                    await self._send(position, operation, self.own, params={field: id_})
                    for id_ in (self.foreign[name], str(uuid4()))
                ]
                asked.append(Asked(operation, position, field, *pair))
        return asked

    async def read_all(self, position: Position) -> list[httpx.Response]:
        """Every operation that reads, on own records."""
        reading = [each for each in self.operations if each.method == "GET"]
        return [await self._send(position, each, self.own) for each in reading]

    async def _send(
        self, position: Position, operation: Operation, ids: Mapping[str, str], **request: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.people[position].key}"}
        return await self.http.request(operation.method, operation.path_with(ids), headers=headers, **request)


def leaked(response: httpx.Response, foreign: Holdings) -> set[str]:
    """The ids of the others that an answer tells and the request did not."""
    request = response.request
    sent = set(_UUID.findall(f"{request.url} {request.content.decode()}"))
    return set(_UUID.findall(f"{response.text} {response.headers}")) & foreign.ids - sent


def _comparable(response: httpx.Response) -> tuple[int, str, str]:
    """Status, body and type without what differs between any two requests: ids that were sent, and of the request."""
    text = response.text
    for sent in _UUID.findall(f"{response.request.url} {response.request.content.decode()}"):
        text = text.replace(sent, "…")
    request_id = response.headers["x-request-id"]
    return response.status_code, text.replace(request_id, "…"), response.headers.get("content-type", "")


def _id_parameters(operation: Operation) -> list[str]:
    """The parameters of a path that name records by ids of ours."""
    return [name for name in re.findall(r"\{(\w+_id)\}", operation.path) if name != "external_id"]


def _named_by(operation: Operation, field: str, ids: Mapping[str, str]) -> str | None:
    """Whose id a field takes, by the name that paths have for it; nothing where it takes none."""
    singular = field.removesuffix("s") if field.endswith("_ids") else field
    if singular in {"parent_id", "target_id"}:
        return "team_id" if "/teams" in operation.path else "account_id"
    if singular in {"owner_id", "to_user_id", "from_user_id", "manager_id", "actor_id"}:
        return "user_id"
    return next((name for name in ids if name.endswith("_id") and singular.endswith(name)), None)


def _as_many(field: str, id_: str) -> str | list[str]:
    return [id_] if field.endswith("_ids") else id_


def _unknown(name: str) -> str:
    return "0" * 16 if name == "key_id" else str(uuid4())
