"""Carrying claimed lanes to their endpoints: within a lane one after the other, lanes side by side under limits."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from uuid import UUID

import structlog

from app.webhooks.attempt import Attempt, Outcome
from app.webhooks.breaker import STANDARD_BREAKER, Breaker, Tripwires, answers
from app.webhooks.endpoint_secrets import SigningSecrets
from app.webhooks.lanes import Delivery, Lane
from app.webhooks.result import DeliveryStatus, Made, Release, Report, Result, Schedule, judge
from app.webhooks.sender import Sender
from app.webhooks.settling import Hold, hold_of
from app.webhooks.slots import Slots

_EMPTY_LANE_SECONDS = 1.0  # its events are gone: whoever dropped them settles its deliveries

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many requests may be open at once, and how many webhooks may be sent and not settled yet.

    What is in flight comes a second time when the worker is killed.
    """

    open_requests: int = 50
    in_flight: int = 1_000


class Courier:
    """Sends what lanes hold and puts what came of it into `reports`; every lane taken ends with its release.

    `held` counts the lanes per endpoint from `take` until `forget`: sending, waiting for a slot, or not settled yet.
    """

    def __init__(
        self,
        sender: Sender,
        secrets: SigningSecrets,
        schedule: Schedule,
        capacity: Capacity,
        breaker: Breaker = STANDARD_BREAKER,
    ) -> None:
        self.reports: asyncio.Queue[Report] = asyncio.Queue()
        self.held: Counter[UUID] = Counter()
        self._sender = sender
        self._secrets = secrets
        self._schedule = schedule
        self._slots = asyncio.Semaphore(capacity.open_requests)
        self._in_flight = asyncio.Semaphore(capacity.in_flight)
        self._endpoint_slots: dict[UUID, Slots] = {}
        self._tripwires = Tripwires(breaker)
        self._lost: set[Hold] = set()
        self._runs: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def shares_taken(self, share: int) -> Mapping[UUID, int]:
        """Lanes that count as held per endpoint: its whole share where its secret cannot be read."""
        return self.held | Counter(dict.fromkeys(self._secrets.left_alone(), share))

    def take(self, lanes: Sequence[Lane], send_until: float) -> None:
        """Carry these lanes; no attempt begins after `send_until` (monotonic), so that none outlives its lease."""
        for lane in lanes:
            endpoint_id = lane.key.endpoint_id
            self.held[endpoint_id] += 1
            self._endpoint_slots.setdefault(endpoint_id, Slots()).limit = lane.max_concurrency
            if not lane.is_probe:
                self._tripwires.forget(endpoint_id)
            run = asyncio.create_task(self._carry(lane, send_until))
            self._runs.add(run)
            run.add_done_callback(partial(self._ended, lane))

    def lose(self, hold: Hold) -> None:
        """Send no more of a lane that somebody else has taken over."""
        self._lost.add(hold)

    def hold_back(self, endpoint_ids: Iterable[UUID]) -> None:
        """Send no more of what is held of endpoints whose breaker was found open, but for a probe."""
        for endpoint_id in endpoint_ids:
            if endpoint_id in self.held:
                self._tripwires.trip(endpoint_id)

    def settled(self, reports: Iterable[Report]) -> None:
        """These were settled, or refused because somebody else has taken their lane over."""
        for report in reports:
            if isinstance(report, Release):
                self.forget(report.lane)
            else:
                self._in_flight.release()

    def forget(self, lane: Lane) -> None:
        """A lane is not in hand any more."""
        endpoint_id = lane.key.endpoint_id
        self._lost.discard(hold_of(lane))
        self.held[endpoint_id] -= 1
        if self.held[endpoint_id] <= 0:
            del self.held[endpoint_id]
            self._endpoint_slots.pop(endpoint_id, None)
            self._tripwires.forget(endpoint_id)

    async def finish(self) -> None:
        """Begin no more attempts, and wait for those under way: every lane is released."""
        self._is_stopping = True
        for _ in self._runs:  # who waits for something to be settled shall see that
            self._in_flight.release()
        if self._runs:
            await asyncio.wait(self._runs)

    def abandon(self) -> None:
        """Break off everything at once; the leases run out by themselves."""
        for run in self._runs:
            run.cancel()

    async def _carry(self, lane: Lane, send_until: float) -> None:
        secrets = self._secrets.of(lane.secrets)
        retry_after_seconds = None if secrets is None else await self._send(lane, secrets, send_until)
        self.reports.put_nowait(Release(lane, retry_after_seconds))

    async def _send(self, lane: Lane, secrets: Sequence[str], send_until: float) -> float | None:
        if not lane.deliveries:
            return _EMPTY_LANE_SECONDS
        endpoint_slots = self._endpoint_slots[lane.key.endpoint_id]
        for delivery in lane.deliveries:
            # the endpoint's slot first: who waits for a slow endpoint holds nothing that others need
            async with endpoint_slots, self._slots:
                result = await self._attempt_in_time(lane, delivery, secrets, send_until)
                if result is None:
                    break
                self._tripwires.note(result)
            self.reports.put_nowait(result)
            if result.status is DeliveryStatus.PENDING:
                return result.retry_after_seconds
            if result.outcome.gone or (lane.is_probe and not answers(result.outcome)):
                break
        return None

    async def _attempt_in_time(
        self, lane: Lane, delivery: Delivery, secrets: Sequence[str], send_until: float
    ) -> Result | None:
        await self._in_flight.acquire()
        result = None
        try:
            if time.monotonic() <= send_until and self._may_send(lane):
                result = await self._attempt(lane, delivery, secrets)
        finally:
            if result is None:
                self._in_flight.release()
        return result

    def _may_send(self, lane: Lane) -> bool:
        is_held_back = self._tripwires.is_tripped(lane.key.endpoint_id) and not lane.is_probe
        return not (self._is_stopping or is_held_back or hold_of(lane) in self._lost)

    async def _attempt(self, lane: Lane, delivery: Delivery, secrets: Sequence[str]) -> Result:
        started_at = datetime.now(UTC)
        outcome: Outcome = await self._sender.send(Attempt(lane.url, secrets, str(delivery.event_id), delivery.body))
        return judge(Made(lane, delivery, outcome, started_at), self._schedule, random.random)

    def _ended(self, lane: Lane, run: asyncio.Task[None]) -> None:
        self._runs.discard(run)
        if run.cancelled():
            return
        if error := run.exception():
            # one lane that breaks must not stop the others; its lease runs out and it is tried again
            _log.error("lane broke", endpoint_id=str(lane.key.endpoint_id), exc_info=error)
            self.forget(lane)
