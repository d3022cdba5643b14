"""Clients that walk deals through their stages over HTTP, and write down what they asked and what they heard."""

import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

import aiohttp

from bench.faults.history import Answer, Asked
from bench.faults.house import House
from bench.faults.walk import PIPELINE, STEPS, body_of
from bench.stage import Organization

PATIENCE_SECONDS = 180.0
_PAUSE_SECONDS = 0.05
_TIMEOUT = aiohttp.ClientTimeout(total=30)


@dataclass(slots=True)
class WalkedDeal:
    """A deal and where its walkers believe it to be."""

    id: str
    key: str
    stage: str = "first"
    sequence: int = 1


@dataclass(slots=True)
class Walkers:
    """So many walkers that make transitions until `wanted` were asked for.

    `allowed` holds them back, `per_second` paces them. Each has deals of its own; a tenth of its moves is about deals
    that all of them share, where refusals are expected.
    """

    house: House
    rng: random.Random
    wanted: int
    count: int = 16
    per_second: float | None = None
    allowed: int | None = None
    asked: list[Asked] = field(default_factory=list)
    deals: list[WalkedDeal] = field(default_factory=list)
    shared: list[WalkedDeal] = field(default_factory=list)
    answered_at: list[float] = field(default_factory=list)
    _turn: int = 0
    _next_at: float = 0.0

    @property
    def done(self) -> int:
        """How many transitions have their answer."""
        return len(self.answered_at)

    async def open_deals(self, own: int, shared: int) -> None:
        """Open the deals to walk: of our own organization, and a tenth as many of the other."""
        opened = await self._open(self.house.ours, own + shared)
        self.deals = [*opened[:own], *await self._open(self.house.theirs, max(1, own // 10))]
        self.shared = opened[own:]

    async def _open(self, organization: Organization, count: int) -> list[WalkedDeal]:
        pipeline = await self.house.post("/pipelines", organization.operations, PIPELINE)
        gate = asyncio.Semaphore(8)

        async def one(number: int) -> WalkedDeal:
            body = {"name": f"Deal {number}", "pipeline_id": pipeline["id"]}
            async with gate:
                deal = await self.house.post("/opportunities", organization.manager, body)
            return WalkedDeal(deal["id"], organization.manager)

        return list(await asyncio.gather(*(one(number) for number in range(count))))

    async def walk(self) -> None:
        """Make all transitions, and settle each."""
        shares = [self.deals[number :: self.count] for number in range(self.count)]
        self._next_at = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number, share in enumerate(shares):
                tasks.create_task(self._walk(share or self.shared, random.Random(self.rng.random() + number)))

    async def _walk(self, share: Sequence[WalkedDeal], rng: random.Random) -> None:
        while await self._may_go_on():
            is_shared = bool(self.shared) and rng.random() < 0.1
            deal = rng.choice(self.shared if is_shared else share)
            asked = Asked(f"key-{rng.getrandbits(96):024x}", deal.id, rng.choice(STEPS[deal.stage]))
            self.asked.append(asked)
            await self._settle(asked, deal)
            self.answered_at.append(time.time())

    async def _may_go_on(self) -> bool:
        while self.allowed is not None and len(self.asked) >= self.allowed and len(self.asked) < self.wanted:
            await asyncio.sleep(_PAUSE_SECONDS)
        if len(self.asked) >= self.wanted:
            return False
        if self.per_second is not None:
            self._next_at = max(self._next_at + 1 / self.per_second, time.monotonic() - 1)
            await asyncio.sleep(self._next_at - time.monotonic())
        return len(self.asked) < self.wanted

    async def _settle(self, asked: Asked, deal: WalkedDeal) -> None:
        """Ask with the same key until the answer is definite, or patience ends."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            asked.attempts += 1
            if await self._ask(asked, deal):
                break
            await asyncio.sleep(_PAUSE_SECONDS)
        if asked.answer is Answer.REFUSED:
            await self._look(deal)

    async def _ask(self, asked: Asked, deal: WalkedDeal) -> bool:
        headers = {"Authorization": f"Bearer {deal.key}", "Idempotency-Key": asked.key}
        path = f"/v1/opportunities/{deal.id}/transitions"
        try:
            async with self.house.session.post(
                self._url(path), json=body_of(asked.key, asked.to_stage), headers=headers, timeout=_TIMEOUT
            ) as response:
                text = await response.text()
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return False
        if response.status == HTTPStatus.CREATED:
            self._acknowledge(asked, deal, text)
            asked.is_replayed = response.headers.get("Idempotent-Replayed") == "true"
            return True
        # with Retry-After: somebody else still works on this key, or the service asks for patience
        if response.status // 100 == 4 and "Retry-After" not in response.headers:
            asked.answer = Answer.REFUSED
            return True
        return False

    def _acknowledge(self, asked: Asked, deal: WalkedDeal, text: str) -> None:
        made = json.loads(text)
        asked.answer, asked.transition_id = Answer.ACKNOWLEDGED, made["id"]
        if made["sequence"] > deal.sequence:
            deal.stage, deal.sequence = made["to_stage"], made["sequence"]

    async def _look(self, deal: WalkedDeal) -> None:
        """Find out where a deal is that others walked, too."""
        headers = {"Authorization": f"Bearer {deal.key}"}
        try:
            async with self.house.session.get(
                self._url(f"/v1/opportunities/{deal.id}"), headers=headers, timeout=_TIMEOUT
            ) as response:
                if response.status == HTTPStatus.OK:
                    deal.stage = json.loads(await response.text())["stage"]
        except (aiohttp.ClientError, TimeoutError, ConnectionError):
            return  # the next refusal looks again

    def _url(self, path: str) -> str:
        self._turn += 1
        return self.house.apis[self._turn % len(self.house.apis)].url + path
