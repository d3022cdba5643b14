"""One experiment's own service: a database, API processes, workers and receivers, all ended afterwards."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg

from bench.faults.history import Endpoint
from bench.faults.receivers import Receiver
from bench.processes import START_SECONDS, DidNotStart, Program, free_port, module, stageline
from bench.stage import Organization, Stage

_SETTINGS = {
    "STAGELINE_WEBHOOK_ALLOW_HTTP": "true",
    "STAGELINE_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    "STAGELINE_LOG_LEVEL": "warning",
    "STAGELINE_RATE_LIMIT_KEY_REQUESTS": "0",
    "STAGELINE_RATE_LIMIT_ORGANIZATION_REQUESTS": "0",
    "STAGELINE_SHUTDOWN_DELAY_SECONDS": "0",
    "STAGELINE_SECRET_KEYS": f"bench:{base64.b64encode(bytes(32)).decode()}",
}
_TIMEOUT = aiohttp.ClientTimeout(total=30)


class Unexpected(RuntimeError):
    """The service answered something that the harness cannot go on with."""


@dataclass(slots=True)
class Api:
    """An API process and where it listens."""

    program: Program
    url: str


@dataclass(slots=True)
class House:
    """The processes of an experiment."""

    stage: Stage
    database: str
    session: aiohttp.ClientSession
    service_url: str
    settings: Mapping[str, str] = field(default_factory=dict)
    apis: list[Api] = field(default_factory=list)
    workers: list[Program] = field(default_factory=list)
    receivers: list[Receiver] = field(default_factory=list)
    endpoints: list[Endpoint] = field(default_factory=list)

    @property
    def ours(self) -> Organization:
        return self.stage.organizations[0]

    @property
    def theirs(self) -> Organization:
        return self.stage.organizations[1]

    async def open_owner(self) -> asyncpg.Connection:
        """A connection of the database's owner, past the service and any proxy."""
        return await asyncpg.connect(self.stage.owner_url(self.database))

    async def start(self, *, apis: int = 1, workers: int = 1) -> None:
        """Start API processes and workers, and wait until all are at work."""
        await asyncio.gather(self.start_apis(apis), self.start_workers(workers))

    async def start_apis(self, count: int) -> None:
        """Start API processes and wait until all are ready."""
        for _ in range(count):
            port = free_port()
            program = self._program(f"api-{port}", stageline("serve", "--no-worker", "--port", str(port)))
            program.start()
            self.apis.append(Api(program, f"http://127.0.0.1:{port}"))
        await asyncio.gather(*(self.until_ready(api) for api in self.apis))

    async def until_ready(self, api: Api) -> None:
        """Wait until an API process answers that it is ready; raises `DidNotStart`."""
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await self._is_ready(api):
            if not api.program.is_running or asyncio.get_running_loop().time() > deadline:
                raise DidNotStart(api.program.said()[-4000:])
            await asyncio.sleep(0.02)

    async def _is_ready(self, api: Api) -> bool:
        try:
            async with self.session.get(f"{api.url}/readyz", timeout=aiohttp.ClientTimeout(total=2)) as response:
                return response.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    async def start_workers(self, count: int, **settings: str) -> None:
        """Start workers and wait until all of them work."""
        noted = {"STAGELINE_LOG_LEVEL": "info", **settings}
        names = [f"worker-{len(self.workers) + number}" for number in range(count)]
        started = [self._program(name, stageline("worker"), noted) for name in names]
        for program in started:
            program.start()
        self.workers += started
        await asyncio.gather(*(program.until_said("worker started") for program in started))

    async def open_receiver(self) -> Receiver:
        """Start a receiver's process."""
        name = f"receiver-{len(self.receivers)}"
        log = self.stage.folder / f"{self.database}-{name}.log"
        program = self._program(name, module("faults.programs.receiver", str(log)))
        program.start()
        said = await program.until_said(" is open")
        receiver = Receiver(program, f"http://127.0.0.1:{said.split()[1]}", log)
        self.receivers.append(receiver)
        return receiver

    async def subscribe(
        self, receiver: Receiver, name: str, organization: Organization, *event_types: str, **filters: Any
    ) -> Endpoint:
        """Subscribe a path of a receiver to events."""
        asked = {"url": f"{receiver.url}/{name}", "event_types": list(event_types), **filters}
        made = await self.post("/webhook-endpoints", organization.operations, asked)
        receiver.secrets[name] = made["secret"]
        steps = filters.get("steps")
        endpoint = Endpoint(
            id=made["id"],
            name=name,
            organization_id=organization.id,
            event_types=event_types,
            steps=None if steps is None else tuple(steps),
            created_at=datetime.now(UTC),
        )
        self.endpoints.append(endpoint)
        return endpoint

    async def post(self, path: str, key: str, body: object) -> dict[str, Any]:
        """Make something that must succeed; raises `Unexpected`."""
        headers = {"Authorization": f"Bearer {key}"}
        url = f"{self.apis[0].url}/v1{path}"
        async with self.session.post(url, json=body, headers=headers, timeout=_TIMEOUT) as response:
            text = await response.text()
            if response.status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
                raise Unexpected(f"POST {path}: {response.status} {text}")
            answer: dict[str, Any] = json.loads(text)
            return answer

    def program(self, name: str, *arguments: str) -> Program:
        """A program of the harness on this database, not yet started."""
        return self._program(name, module(f"faults.programs.{name}", *arguments))

    def _program(self, name: str, arguments: tuple[str, ...], settings: Mapping[str, str] | None = None) -> Program:
        own = {
            "DATABASE_URL": self.service_url,
            "STAGELINE_MIGRATION_DATABASE_URL": self.stage.owner_url(self.database),
        }
        output = self.stage.folder / f"{self.database}-{name}.txt"
        return Program(self.stage.tree, arguments, output, _SETTINGS | own | dict(self.settings) | dict(settings or {}))

    async def close(self) -> None:
        """End every process."""
        programs = [*self.workers, *(api.program for api in self.apis), *(each.program for each in self.receivers)]
        for program in programs:
            program.kill()


@asynccontextmanager
async def housed(stage: Stage, name: str, **settings: str) -> AsyncIterator[House]:
    """A house on a database of its own."""
    connector = aiohttp.TCPConnector(limit=0)
    async with stage.database(f"faults_{name}") as database, aiohttp.ClientSession(connector=connector) as session:
        house = House(stage, database, session, stage.service_url(database), settings)
        try:
            yield house
        finally:
            await house.close()
