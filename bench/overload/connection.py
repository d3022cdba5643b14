"""A client's end of a connection, as cheap as Python allows: it shares the machine with what it measures."""

import asyncio
import re
from collections.abc import Callable

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\r\nconnection: close", re.IGNORECASE)
_STATUS = slice(9, 12)


class Connection(asyncio.Protocol):
    """Sends one request at a time; tells `on_answer` the status, 0 when the connection ended before its answer."""

    def __init__(self, on_answer: Callable[["Connection", int], None]) -> None:
        self.is_open = False
        self._on_answer = on_answer
        self._is_waiting = False
        self._received = b""

    def connection_made(self, transport: asyncio.WriteTransport) -> None:  # type: ignore[override] # uvloop's is one
        self._transport = transport
        self.is_open = True

    def ask(self, request: bytes) -> None:
        """Send a request; the one before was answered."""
        self._is_waiting = True
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received = self._received + data if self._received else data
        end = received.find(b"\r\n\r\n") + 4
        if end < 4:
            return
        length = _LENGTH.search(received, 0, end)
        if len(received) < end + (int(length[1]) if length else 0):
            return
        self._received = b""
        if _CLOSES.search(received, 0, end):
            self.close()
        self._answered(int(received[_STATUS]))

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 # asyncio's signature
        self.is_open = False
        if self._is_waiting:
            self._answered(0)

    def close(self) -> None:
        """Leave."""
        self.is_open = False
        self._transport.close()

    def _answered(self, status: int) -> None:
        self._is_waiting = False
        self._on_answer(self, status)
