"""Receivers that ask for time, and a gauge of how much reaches one at once."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple

from tests.builders.receiver import Message


class RetryAfter(NamedTuple):
    """What a receiver answers, and for how long its lane and the whole endpoint then wait."""

    status: int
    value: str | timedelta
    lane_seconds: int
    endpoint_seconds: int

    def header(self) -> str:
        if isinstance(self.value, str):
            return f"Retry-After: {self.value}"
        return f"Retry-After: {format_datetime(datetime.now(UTC) + self.value, usegmt=True)}"


class Gauge:
    """Answers after a moment, and knows how many were waiting at once."""

    def __init__(self) -> None:
        self.most = 0
        self._open = 0

    async def answer(self, _message: Message) -> int:
        self._open += 1
        self.most = max(self.most, self._open)
        await asyncio.sleep(0.02)  # a receiver that takes its time
        self._open -= 1
        return 200
