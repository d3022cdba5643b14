"""The requests of the bench, told apart by their paths."""

from typing import Any, cast
from uuid import UUID

import asyncpg
from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from app.core.caller import Caller
from app.core.database import Database, new_id
from app.core.origin import Origin, originating
from app.core.settings import Settings
from app.people.authentication import Authenticator
from app.people.key_holder import KeyHolders
from app.people.key_use import KeyUse
from app.people.strangers import Strangers
from app.workflow.pipeline import PipelineDefinition
from bench.speed.floor.lead import create_lead
from bench.speed.floor.reads import explain_deal, list_deals, measure_target, read_deal, read_events
from bench.speed.floor.transition import move_deal

_HEADERS = (b"content-type", b"application/json")
_LOOPBACK = "127.0.0.1"
_DEFINITIONS = "SELECT organization_id, pipeline_id, number, definition FROM pipeline_versions"


class Floor:
    """The application; `definitions` are the pipelines of the bench's organization, which never change.

    `database` is for what the service itself does here: finding callers, and pages of lists.
    """

    def __init__(self, pool: asyncpg.Pool, database: Database, settings: Settings) -> None:
        self._database = database
        self._pool = pool
        self._authenticator = Authenticator(
            KeyHolders(database, KeyUse(database)), None, settings.caller_cache_seconds, Strangers(settings)
        )
        self._definitions: dict[tuple[UUID, int], PipelineDefinition] = {}

    async def learn(self, owner_url: str) -> None:
        """Read the definitions once, as the owner."""
        owner = await asyncpg.connect(owner_url)
        for row in await owner.fetch(_DEFINITIONS):
            definition = PipelineDefinition.model_validate_json(row["definition"])
            self._definitions[row["pipeline_id"], row["number"]] = definition
        await owner.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, body = 200, b""
        try:
            caller = await self._authenticator.caller_of(_credential(scope), _LOOPBACK)
            if scope["method"] == "POST":
                with originating(Origin("request", str(new_id()), _LOOPBACK)):
                    status, body = 201, await self._write(caller, scope["path"], await _body_of(receive))
            else:
                body = await self._read(caller, scope["path"], scope["query_string"])
        except Exception as error:  # noqa: BLE001 # the client counts statuses; one that is not expected ends the run
            status, body = 500, to_json({"error": repr(error)})
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [_HEADERS, (b"content-length", str(len(body)).encode())],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _write(self, caller: Caller, path: str, body: bytes) -> bytes:
        match path.split("/"):
            case ["", "v1", "opportunities", deal_id, "transitions"]:
                return await move_deal(self._pool, caller, UUID(deal_id), body, self._definitions)
            case ["", "v1", "leads"]:
                return await create_lead(self._pool, caller, body, self._definitions)
        raise LookupError(path)

    async def _read(self, caller: Caller, path: str, query: bytes) -> bytes:
        match path.split("/"):
            case ["", "v1", "opportunities"]:
                return await list_deals(self._database, caller, query)
            case ["", "v1", "opportunities", deal_id]:
                return await read_deal(self._pool, caller, UUID(deal_id))
            case ["", "v1", "opportunities", deal_id, "available-transitions"]:
                return await explain_deal(self._pool, caller, UUID(deal_id), self._definitions)
            case ["", "v1", "team-targets", target_id, "attainment"]:
                return await measure_target(self._pool, caller, UUID(target_id))
            case ["", "v1", "events"]:
                return await read_events(self._pool, caller, query)
        raise LookupError(path)


def _credential(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            return cast("bytes", value)[7:].decode()
    raise PermissionError


async def _body_of(receive: Receive) -> bytes:
    message: Any = await receive()
    body: bytes = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    return body
