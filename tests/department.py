"""Builders: an organization with teams, and people who act through HTTP with their own keys."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from app.core.caller import Caller
from app.core.database import Database, Statement, new_id
from app.core.writes import insert_row
from app.founding import create_organization
from app.people.organizations import insert_user, issue_key
from app.people.permissions import Position
from app.people.tables import teams

Json = dict[str, Any]

_insert_team: Statement = insert_row(teams)


@dataclass
class Actor:
    """A person with a position, speaking HTTP."""

    user_id: UUID
    position: Position
    team_id: UUID | None
    key: str
    http: httpx.AsyncClient

    async def request(
        self, method: str, path: str, *, json: object = None, headers: Mapping[str, str] | None = None, **params: Any
    ) -> httpx.Response:
        """Send a request; `path` without the `/v1` prefix."""
        return await self.http.request(
            method,
            f"/v1{path}",
            json=json,
            params=params,
            headers={"Authorization": f"Bearer {self.key}", **(headers or {})},
        )

    async def get(self, path: str, expect: int = 200, **params: Any) -> Json:
        return answer(await self.request("GET", path, **params), expect)

    async def post(self, path: str, json: object = None, expect: int = 201) -> Json:
        return answer(await self.request("POST", path, json={} if json is None else json), expect)

    async def post_keyed(self, path: str, json: object, key: str, **params: Any) -> httpx.Response:
        """POST under an Idempotency-Key."""
        return await self.request("POST", path, json=json, headers={"Idempotency-Key": key}, **params)

    async def patch(self, path: str, json: object, expect: int = 200) -> Json:
        return answer(await self.request("PATCH", path, json=json), expect)

    async def put(self, path: str, json: object, expect: int = 200) -> Json:
        return answer(await self.request("PUT", path, json=json), expect)

    async def delete(self, path: str, expect: int = 204) -> Json:
        return answer(await self.request("DELETE", path), expect)


def answer(response: httpx.Response, expect: int) -> Json:
    """The answer's JSON, when its status is the expected one."""
    assert response.status_code == expect, f"{response.status_code}: {response.text}"
    body: Json = response.json() if response.content else {}
    return body


@dataclass
class Department:
    """Teams `north` with `north_west` below it, and `south` beside them."""

    database: Database
    http: httpx.AsyncClient
    organization_id: UUID
    operations: Actor
    teams: dict[str, UUID] = field(default_factory=dict)

    @classmethod
    async def found(cls, database: Database, http: httpx.AsyncClient) -> "Department":
        founded = await create_organization(database, "A department")
        operations = Actor(founded.user_id, Position.SALES_OPERATIONS_MANAGER, None, str(founded.key), http)
        department = cls(database, http, founded.organization_id, operations)
        for name, parent in (("north", None), ("north_west", "north"), ("south", None)):
            await department.add_team(name, parent)
        return department

    @property
    def system(self) -> Caller:
        return Caller.system(self.organization_id)

    async def add_team(self, name: str, parent: str | None = None) -> UUID:
        team_id = new_id()
        async with self.database.begin(self.system) as tx:
            await tx.execute(
                _insert_team,
                id=team_id,
                name=name,
                parent_id=self.teams[parent] if parent else None,
                manager_id=None,
            )
        self.teams[name] = team_id
        return team_id

    async def hire(self, position: Position | str, team: str | None = "north", name: str = "Someone") -> Actor:
        """Add a user with a key of their own."""
        user_id, team_id = new_id(), self.teams[team] if team else None
        async with self.database.begin(self.system) as tx:
            await tx.execute(
                insert_user,
                id=user_id,
                name=name,
                email=f"{user_id}@example.com",
                position=position,
                team_id=team_id,
                external_id=None,
            )
            key = await issue_key(tx, user_id, "a key")
        return Actor(user_id, Position(position), team_id, str(key), self.http)

    async def representative(self, team: str | None = "north") -> Actor:
        return await self.hire(Position.SALES_REPRESENTATIVE, team)

    async def manager(self, team: str | None = "north") -> Actor:
        return await self.hire(Position.SALES_MANAGER, team)
