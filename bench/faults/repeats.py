"""Clients that send one keyed request many times at once, each until it has its answer."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp

from bench.faults.history import Heard, Repeated
from bench.faults.house import House
from bench.faults.walk import PIPELINE, body_of
from bench.faults.walkers import PATIENCE_SECONDS

_PAUSE_SECONDS = 0.05
_TIMEOUT = aiohttp.ClientTimeout(total=30)
_COMPARED = ("Content-Type", "ETag", "Location")


@dataclass(slots=True)
class Repeats:
    """So many requests, each sent by `senders` at once to all API processes in turn; `count` of them at a time."""

    house: House
    rng: random.Random
    wanted: int
    senders: int
    count: int = 4
    allowed: int | None = None
    repeated: list[Repeated] = field(default_factory=list)
    done: int = 0
    _turn: int = 0

    async def prepare(self) -> None:
        """Choose the requests: accounts that are created, and first steps of deals of their own, in turn."""
        pipeline = await self.house.post("/pipelines", self.house.ours.operations, PIPELINE)
        for number in range(self.wanted):
            key = f"key-{self.rng.getrandbits(96):024x}"
            self.repeated.append(await self._choose(key, number, pipeline["id"]))

    async def _choose(self, key: str, number: int, pipeline_id: str) -> Repeated:
        if number % 2:
            return Repeated(key, "/v1/accounts", {"name": key})
        deal = await self.house.post(
            "/opportunities", self.house.ours.manager, {"name": key, "pipeline_id": pipeline_id}
        )
        return Repeated(key, f"/v1/opportunities/{deal['id']}/transitions", body_of(key, "second"))

    async def send(self) -> None:
        """Send all of them."""
        queue = iter(self.repeated)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self.count):
                tasks.create_task(self._send_each(queue))

    async def _send_each(self, queue: Iterator[Repeated]) -> None:
        for repeated in queue:
            while self.allowed is not None and self.done >= self.allowed:
                await asyncio.sleep(_PAUSE_SECONDS)
            repeated.heard = await asyncio.gather(*(self._settle(repeated) for _ in range(self.senders)))
            self.done += 1

    async def _settle(self, repeated: Repeated) -> Heard | None:
        deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            repeated.attempts += 1
            if (heard := await self._ask(repeated)) is not None:
                return heard
            await asyncio.sleep(_PAUSE_SECONDS * self.rng.random())
        return None

    async def _ask(self, repeated: Repeated) -> Heard | None:
        self._turn += 1
        url = self.house.apis[self._turn % len(self.house.apis)].url + repeated.path
        headers = {"Authorization": f"Bearer {self.house.ours.manager}", "Idempotency-Key": repeated.key}
        try:
            async with self.house.session.post(url, json=repeated.body, headers=headers, timeout=_TIMEOUT) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return None
        # somebody else still works on this key, or the service asks for patience
        if "Retry-After" in response.headers:
            return None
        compared = tuple(response.headers.get(name) for name in _COMPARED)
        return Heard(response.status, body, compared, response.headers.get("Idempotent-Replayed") == "true")
