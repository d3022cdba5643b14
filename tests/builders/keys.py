"""Keys with some scopes, and what they are answered."""

from typing import Any

import httpx

from tests.builders.operations import Operation, sample
from tests.department import Actor, Department, Json


async def narrowed(department: Department, actor: Actor, *scopes: str) -> Actor:
    """The same person with another key, which was given these scopes."""
    body = {"user_id": str(actor.user_id), "name": "narrow", "scopes": list(scopes)}
    issued = await department.operations.post("/api-keys", body)
    return Actor(actor.user_id, actor.position, actor.team_id, issued["key"], actor.http)


async def try_operation(actor: Actor, operation: Operation, document: Json) -> httpx.Response:
    """Send an operation about a record that nobody made, with a body that can be read."""
    body: Any = sample(document, operation.body, {}) if operation.body is not None else None
    path = operation.path_with({"key_id": "nobodys", "external_id": "nobodys"}).removeprefix("/v1")
    return await actor.request(operation.method, path, json=body)
