"""A webhook receiver in a process of its own: writes down each arrival and each answer, and behaves as it is told.

Each path `/<name>` is an endpoint. `PUT /-/<name>` with a behaviour as JSON changes how it behaves from then on. The
log has one JSON list per line: `["a", number, at, name, id, timestamp, signature, sha256]` for an arrival, `["k",
number, at, status]` for an answer, `["c", number, at]` for the end of a connection that was never answered.
"""

import asyncio
import hashlib
import json
import signal
import socket
import struct
import sys
import time
import zlib
from functools import cache
from pathlib import Path
from typing import IO

from bench.faults.behaviour import Behaviour, Manner

_FLUSH_SECONDS = 0.02
_DRIP_SECONDS = 0.1
_FOREVER_SECONDS = 3600.0
_POUR = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
_BOMB_CHUNKS = 16  # of 16 MiB each
_RESET = struct.pack("ii", 1, 0)


@cache
def _bomb() -> bytes:
    compressor = zlib.compressobj(9, zlib.DEFLATED, 31)
    zeros = bytes(1 << 24)
    return b"".join(compressor.compress(zeros) for _ in range(_BOMB_CHUNKS)) + compressor.flush()


class Book:
    """The log, and how each path behaves."""

    def __init__(self, log: IO[str]) -> None:
        self.behaviours: dict[str, Behaviour] = {}
        self._log = log
        self._number = 0
        self._stumbled: set[tuple[str, str]] = set()

    def arrived(self, name: str, headers: dict[str, str], body: bytes) -> int:
        self._number += 1
        told = [headers.get(f"webhook-{header}", "") for header in ("id", "timestamp", "signature")]
        self._write("a", self._number, time.time(), name, *told, hashlib.sha256(body).hexdigest())
        return self._number

    def answered(self, number: int, status: int) -> None:
        self._write("k", number, time.time(), status)

    def closed(self, number: int) -> None:
        self._write("c", number, time.time())

    def stumbles(self, name: str, message_id: str, every: int) -> bool:
        """Whether this message is refused: every so many, the first time only."""
        if zlib.crc32(f"{name} {message_id}".encode()) % every or (name, message_id) in self._stumbled:
            return False
        self._stumbled.add((name, message_id))
        return True

    def _write(self, *entry: object) -> None:
        self._log.write(json.dumps(entry) + "\n")

    async def flush(self) -> None:
        while True:
            self._log.flush()
            await asyncio.sleep(_FLUSH_SECONDS)


class Connection(asyncio.Protocol):
    """One connection of a sender: requests one after the other."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._received = bytearray()
        self._open: int | None = None
        self._is_writable = asyncio.Event()
        self._is_writable.set()
        self._torment: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 # narrows the type
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        if self._torment is not None:
            self._torment.cancel()
        if self._open is not None:
            self._book.closed(self._open)

    def pause_writing(self) -> None:
        self._is_writable.clear()

    def resume_writing(self) -> None:
        self._is_writable.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        line, *lines = self._received[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        start, length = end + 4, int(headers.get("content-length", "0"))
        if len(self._received) < start + length:
            return
        body = bytes(self._received[start : start + length])
        del self._received[: start + length]
        self._take(line.split(" ")[1], headers, body)

    def _take(self, path: str, headers: dict[str, str], body: bytes) -> None:
        if path.startswith("/-/"):
            told = json.loads(body)
            behaviour = Behaviour(**told | {"manner": Manner(told["manner"])})
            if behaviour.manner is Manner.GZIP_BOMB:
                _bomb()  # made now: it takes a second in which nothing else is noticed
            self._book.behaviours[path.removeprefix("/-/")] = behaviour
            self._say(204)
            return
        name = path.removeprefix("/")
        self._open = self._book.arrived(name, headers, body)
        self._treat(name, headers.get("webhook-id", ""), body)

    def _treat(self, name: str, message_id: str, body: bytes) -> None:
        behaviour = self._book.behaviours.get(name, Behaviour())
        match behaviour.manner:
            case Manner.ACCEPT:
                self._answer(200)
            case Manner.REFUSE:
                is_meant = behaviour.subject_id is None or behaviour.subject_id.encode() in body
                self._answer(behaviour.status if is_meant else 200)
            case Manner.STUMBLE:
                is_refused = self._book.stumbles(name, message_id, behaviour.every)
                self._answer(behaviour.status if is_refused else 200)
            case Manner.RESET:
                connection = self._transport.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                self._transport.abort()
            case manner:
                self._torment = asyncio.create_task(self._run_torment(manner))

    def _answer(self, status: int) -> None:
        number, self._open = self._open, None
        self._say(status)
        if number is not None:
            self._book.answered(number, status)

    def _say(self, status: int) -> None:
        self._transport.write(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n" % status)

    async def _run_torment(self, manner: Manner) -> None:
        beginning, rest, pause_seconds = _said_by(manner)
        self._transport.write(beginning)
        while True:
            self._transport.write(rest)
            await self._is_writable.wait()
            await asyncio.sleep(pause_seconds)


def _said_by(manner: Manner) -> tuple[bytes, bytes, float]:
    """What comes first, what comes again and again, and the seconds between."""
    match manner:
        case Manner.DRIP_HEAD:
            return b"HTTP/1.1 200 OK\r\nX-Drip: ", b"x", _DRIP_SECONDS
        case Manner.DRIP_BODY:
            return b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x", _DRIP_SECONDS
        case Manner.GZIP_BOMB:
            head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_bomb())
            return head, _bomb(), _FOREVER_SECONDS
        case Manner.ENDLESS:
            return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", _POUR, 0.0
        case _:
            return b"", b"", _FOREVER_SECONDS


async def main(log: Path) -> None:
    """Serve on a free port of loopback, which is printed, until SIGTERM."""
    with log.open("w", encoding="utf-8") as file:
        book = Book(file)
        loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        loop.add_signal_handler(signal.SIGTERM, stop.set)
        server = await loop.create_server(lambda: Connection(book), "127.0.0.1", 0, backlog=1024)
        flushing = asyncio.create_task(book.flush())
        print(f"port {server.sockets[0].getsockname()[1]} is open", flush=True)
        await stop.wait()
        flushing.cancel()
        server.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
