"""Keys with some scopes, and what they are answered."""

from typing import Any

import httpx

from app.people.api_key import ApiKey
from tests.builders.operations import Operation, sample
from tests.department import Actor, Department, Json


async def narrowed(department: Department, actor: Actor, *scopes: str) -> Actor:
    """The same person with another key, which was given these scopes."""
    body = {"user_id": str(actor.user_id), "name": "narrow", "scopes": list(scopes)}
    issued = await department.operations.post("/api-keys", body)
    return with_key(actor, issued["key"])


def with_key(actor: Actor, key: str) -> Actor:
    """The same person with another credential."""
    return Actor(actor.user_id, actor.position, actor.team_id, key, actor.http)


def id_of(actor: Actor) -> str:
    """The id in the person's key."""
    return parts_of(actor).id


def parts_of(actor: Actor) -> ApiKey:
    """The person's key in its parts."""
    key = ApiKey.parse(actor.key)
    assert key is not None
    return key


async def try_operation(actor: Actor, operation: Operation, document: Json) -> httpx.Response:
    """Send an operation about a record that nobody made, with a body that can be read."""
    body: Any = sample(document, operation.body, {}) if operation.body is not None else None
    path = operation.path_with({"key_id": "nobodys", "external_id": "nobodys"}).removeprefix("/v1")
    return await actor.request(operation.method, path, json=body)
