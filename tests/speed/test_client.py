import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import repeat

from bench.speed.client import ask, load

_REQUEST = b"GET /v1/me HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_BUSY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 2\r\n\r\nno"

Server = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(answer: Server) -> AsyncIterator[int]:
    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readline():
        writer.write(_BUSY)
        await reader.readuntil(b"\r\n\r\n")
    writer.close()


async def cut_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readline()
    writer.close()


async def test_counts_every_answer_by_its_status() -> None:
    async with listening(refuse) as port:
        done = await load(port, [repeat(_REQUEST)] * 3, 0.05)

    assert done.statuses == {503: done.count}
    assert done.count >= 3
    assert done.latencies == sorted(done.latencies)


async def test_a_connection_that_is_cut_off_counts_as_an_answer_without_a_status() -> None:
    async with listening(cut_off) as port:
        done = await load(port, [repeat(_REQUEST)] * 2, 5.0)

    assert done.statuses == {0: 2}
    assert done.count == 0


async def test_gives_one_answer_whole() -> None:
    async with listening(refuse) as port:
        answer = await ask(port, _REQUEST)

    assert answer == (503, b"no")
