"""A proxy in front of Postgres that cuts connections during the COMMIT of a transition.

It reads what the frontend says (message format of protocol 3.0) just far enough to know, per connection, whether the
open transaction has written to the ledger of transitions, and when COMMIT is sent.
"""

import asyncio
import struct
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

_LENGTH = struct.Struct(">I")
_STARTUP_CODE = struct.Struct(">II")
_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_LEDGER = b"INSERT INTO stage_transitions"


class Cut(StrEnum):
    """Where the connection breaks."""

    BEFORE = "before Postgres hears of COMMIT"
    AFTER = "after Postgres has committed, before the service hears of it"


@dataclass(slots=True)
class _Said:
    """What a frontend has said: its statements by name, and whether the open transaction writes to the ledger."""

    statements: dict[bytes, bytes] = field(default_factory=dict)
    writes_ledger: bool = False

    def is_commit_of_transition(self, kind: bytes, payload: bytes) -> bool:
        if kind == b"P":
            name, sql, _ = payload.split(b"\0", 2)
            self.statements[name] = sql
        elif kind == b"B":
            _, name, _ = payload.split(b"\0", 2)
            self.writes_ledger = self.writes_ledger or _LEDGER in self.statements.get(name, b"")
        elif kind == b"Q":
            was_writing, self.writes_ledger = self.writes_ledger, False
            return was_writing and payload.rstrip(b"\0; ").upper() == b"COMMIT"
        return False


@dataclass(slots=True)
class PostgresProxy:
    """Forwards to a unix socket; `choose` says at each COMMIT of a transition whether and where to cut."""

    target: Path
    choose: Callable[[], Cut | None]
    port: int = 0
    cuts: Counter[Cut] = field(default_factory=Counter)
    _server: asyncio.Server | None = None
    _open: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._connect(reader, writer)
        writer.transport.abort()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        startup = await _read_startup(reader, writer)
        back_reader, back_writer = await asyncio.open_unix_connection(self.target)
        try:
            back_writer.write(startup)
            answers = asyncio.create_task(_pour(back_reader, writer))
            try:
                await self._forward(reader, back_reader, back_writer, answers)
            finally:
                answers.cancel()
        finally:
            back_writer.transport.abort()

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        back_reader: asyncio.StreamReader,
        back_writer: asyncio.StreamWriter,
        answers: asyncio.Task[None],
    ) -> None:
        said = _Said()
        while True:
            kind, payload = await _read_message(reader)
            cut = self.choose() if said.is_commit_of_transition(kind, payload) else None
            if cut is Cut.BEFORE:
                self.cuts[cut] += 1
                return
            if cut is Cut.AFTER:
                answers.cancel()
                await asyncio.wait([answers])
            back_writer.write(kind + _LENGTH.pack(len(payload) + 4) + payload)
            await back_writer.drain()
            if cut is Cut.AFTER:
                await _until_committed(back_reader)
                self.cuts[cut] += 1
                return


async def _read_startup(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The startup message; encryption is declined first."""
    while True:
        head = await reader.readexactly(_STARTUP_CODE.size)
        length, code = _STARTUP_CODE.unpack(head)
        rest = await reader.readexactly(length - _STARTUP_CODE.size)
        if code not in {_SSL_REQUEST, _GSS_REQUEST}:
            return head + rest
        writer.write(b"N")


async def _read_message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], await reader.readexactly(_LENGTH.unpack(head[1:])[0] - 4)


async def _until_committed(reader: asyncio.StreamReader) -> None:
    """Read what the service will never see, up to the end of the command."""
    while True:
        kind, _ = await _read_message(reader)
        if kind in {b"C", b"E"}:
            return


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()
