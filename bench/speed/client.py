"""The load: raw connections that send prebuilt requests, one after the other, and note when each was answered."""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import cast

import httptools

_PATIENCE_SECONDS = 60.0


@dataclass(slots=True)
class Load:
    """What a load came to; latencies in seconds, ascending."""

    seconds: float
    client_cpu_seconds: float
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """How many requests were answered."""
        return len(self.latencies)

    def percentile(self, share: float) -> float:
        """Seconds that so large a share was not above (nearest rank)."""
        return self.latencies[max(0, math.ceil(share * self.count) - 1)] if self.latencies else math.inf


class _Connection(asyncio.Protocol):
    """One connection: the next request leaves as soon as the last one is answered, until the time is over."""

    def __init__(self, requests: Iterator[bytes], until: float) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self._requests = requests
        self._until = until
        self._parser = httptools.HttpResponseParser(self)
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # which uvloop's is not by inheritance
        self._send()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        now = time.perf_counter()
        self.latencies.append(now - self._sent_at)
        self.statuses[self._parser.get_status_code()] += 1
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)
        if exc is not None or time.perf_counter() < self._until:
            self.statuses[0] += 1  # cut off: no status at all

    def _send(self) -> None:
        request = next(self._requests)
        self._sent_at = time.perf_counter()
        self._transport.write(request)


async def load(port: int, requests: Sequence[Iterator[bytes]], seconds: float) -> Load:
    """Let each iterator's requests go over a connection of its own for so long; the last ones are waited for."""
    loop = asyncio.get_running_loop()
    started, cpu_before = time.perf_counter(), time.process_time()
    connections = []
    for each in requests:
        connection = _Connection(each, started + seconds)
        await loop.create_connection(partial(_itself, connection), "127.0.0.1", port)
        connections.append(connection)
    async with asyncio.timeout(seconds + _PATIENCE_SECONDS):
        await asyncio.gather(*(connection.ended for connection in connections))
    done = Load(time.perf_counter() - started, time.process_time() - cpu_before)
    for connection in connections:
        done.latencies += connection.latencies
        done.statuses += connection.statuses
    done.latencies.sort()
    return done


def _itself(connection: _Connection) -> _Connection:
    return connection


async def ask(port: int, request: bytes) -> tuple[int, bytes]:
    """Send one request, and give the status and the body of its answer."""
    answer = _Answer(request)
    transport, _ = await asyncio.get_running_loop().create_connection(lambda: answer, "127.0.0.1", port)
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await answer.whole
    finally:
        transport.close()


class _Answer(asyncio.Protocol):
    """One request and its answer."""

    def __init__(self, request: bytes) -> None:
        self.whole: asyncio.Future[tuple[int, bytes]] = asyncio.get_running_loop().create_future()
        self._request = request
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast("asyncio.Transport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._body += body

    def on_message_complete(self) -> None:
        """Called by the parser."""
        self.whole.set_result((self._parser.get_status_code(), bytes(self._body)))

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.whole.done():
            self.whole.set_exception(exc or ConnectionError("cut off before the answer"))
