"""E14: many writers add to one deal, each by reading it and writing it back under `If-Match`."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from http import HTTPStatus
from typing import Any

import aiohttp

from bench.faults.checker import check_ledger
from bench.faults.experiment import Experiment, Findings, Run
from bench.faults.holdings import read_holdings
from bench.faults.house import House
from bench.faults.watching import watched

_APIS = 2
_PAUSE_SECONDS = 0.05
_TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(slots=True)
class _Writers:
    """Each adds one to the deal's amount, once, and tries again as long as another was faster."""

    house: House
    path: str
    wanted: int
    count: int
    allowed: int | None = None
    done: int = 0
    stale: int = 0

    async def write(self) -> None:
        """Let all of them write at once."""
        await asyncio.gather(*(self._add_one(number) for number in range(self.wanted)))

    async def _add_one(self, number: int) -> None:
        url = self.house.apis[number % len(self.house.apis)].url + self.path
        while not await self._try_to_add_one(url):
            pass
        self.done += 1

    async def _try_to_add_one(self, url: str) -> bool:
        status, deal, etag = await self._ask("GET", url)
        if status != HTTPStatus.OK:
            await asyncio.sleep(_PAUSE_SECONDS)
            return False
        more = str(Decimal(deal["amount"]) + 1)
        status, _, _ = await self._ask("PATCH", url, json={"amount": more}, headers={"If-Match": etag})
        self.stale += status == HTTPStatus.PRECONDITION_FAILED
        return status == HTTPStatus.OK

    async def _ask(
        self, method: str, url: str, headers: dict[str, str] | None = None, **rest: Any
    ) -> tuple[int, dict[str, Any], str]:
        told = {"Authorization": f"Bearer {self.house.ours.manager}", **(headers or {})}
        async with self.house.session.request(method, url, headers=told, timeout=_TIMEOUT, **rest) as response:
            return response.status, await response.json(content_type=None), response.headers.get("ETag", "")


async def _perform(run: Run) -> Findings:
    wanted = run.pick(short=30, full=200)
    async with run.house() as house:
        await house.start_apis(_APIS)
        deal = await house.post("/opportunities", house.ours.manager, {"name": "Contended", "amount": "0.00"})
        writers = _Writers(house, f"/v1/opportunities/{deal['id']}", wanted, count=wanted)
        async with watched(run, writers, "writers"):
            await writers.write()
        owner = await house.open_owner()
        holdings = await read_holdings(owner)
        amount, version = await owner.fetchrow("SELECT amount, version FROM opportunities WHERE id = $1", deal["id"])
        await owner.close()
    findings = Findings(facts=[f"{wanted} writers at {_APIS} API processes, {writers.stale:,} refused as stale"])
    findings.blame(check_ledger(holdings))
    findings.add("writers that were acknowledged", writers.done, "=", wanted)
    findings.add("the amount that they added up to", float(amount), "=", wanted)
    findings.add("version", version, "=", deal["version"] + wanted)
    return findings


RACING_WRITERS = Experiment("E14", "200 writers on one deal, under If-Match", "no update is lost", _perform)
