"""Claiming and settling alone: what the tables allow when sending costs nothing."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from app.core.database import Database, connect
from app.core.roles import WORKER_ROLE
from app.core.settings import Settings
from app.webhooks.attempt import Outcome
from app.webhooks.fanout import fan_out
from app.webhooks.lanes import STANDARD_CLAIM, Lane, claim
from app.webhooks.result import DeliveryStatus, Release, Report, Result
from app.webhooks.settling import settle
from app.webhooks.worker import PLANS
from bench.deliveries.amount import Amount, fill, subscribe
from bench.faults.house import House

_NOBODY = "http://127.0.0.1:9/hook"
_OUTCOME = Outcome(status=204, error_class=None, response_excerpt="", duration_ms=1.0, retry_after_seconds=None)
_PATIENCE_SECONDS = 60.0


async def claim_and_settle(house: House, amount: Amount) -> float:
    """Deliveries per second that are claimed and settled by one process, one batch after the other."""
    await subscribe(house, _NOBODY)
    owner = await house.open_owner()
    await fill(owner, house, amount)
    await owner.close()
    settings = Settings(DATABASE_URL=house.service_url)
    database = await connect(settings, role=WORKER_ROLE, size=2, acquire_timeout_seconds=5.0, plans=PLANS)
    try:
        await _fan_out_all(database, amount)
        started, settled = time.perf_counter(), 0
        while lanes := await claim(database, STANDARD_CLAIM, {}):
            reports = _delivered(lanes)
            await settle(database, reports)
            settled += len(reports) - len(lanes)
        return settled / (time.perf_counter() - started)
    finally:
        await database.close()


async def _fan_out_all(database: Database, amount: Amount) -> None:
    done = 0
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while done < amount.events:
            step = await fan_out(database)
            done += step.deliveries if step else 0


def _delivered(lanes: Sequence[Lane]) -> list[Report]:
    now = datetime.now(UTC)
    results = [
        Result(lane, delivery, _OUTCOME, now, DeliveryStatus.DELIVERED)
        for lane in lanes
        for delivery in lane.deliveries
    ]
    return [*results, *(Release(lane, None) for lane in lanes)]
