"""What is refused below the application, byte by byte."""

import asyncio
import re

import httpx
import pytest

from app.core.admission import Admission
from app.core.protocol import Bounds
from tests.builders.held_application import HeldApplication
from tests.builders.problem_documents import problem_of
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.serving import say, served

GET = b"GET / HTTP/1.1\r\nHost: stageline\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: stageline\r\nContent-Length: 4\r\n\r\nbody"
HTTP_2 = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
WEBSOCKET = b"Upgrade: websocket\r\nConnection: upgrade\r\n"
ENOUGH = b"x" * 2_000


def full() -> Bounds:
    return Bounds(admission=Admission(most=1, in_flight=1))


def code_of(answer: tuple[int, dict[str, str], bytes]) -> object:
    status, headers, body = answer
    return problem_of(status, httpx.Headers(headers), body)["code"]


async def read_until_closed(port: int, *sent: bytes) -> bytes:
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in sent:
            writer.write(piece)
            await asyncio.sleep(0)  # so that each arrives as a piece
        read = await reader.read(-1)
        writer.close()
    return read


async def test_a_process_that_has_enough_to_do_refuses_without_the_application() -> None:
    app, bounds = HeldApplication(), full()
    async with served(app, bounds) as port:
        answer = await say(port, GET)

    status, headers, body = answer
    assert (status, headers["retry-after"], code_of(answer)) == (503, "1", "overloaded")
    assert problem_of(status, httpx.Headers(headers), body)["request_id"] == headers["x-request-id"]
    assert {"date", "content-security-policy", "cache-control"} <= headers.keys()
    assert (app.seen, bounds.admission.refused) == ([], 1)


async def test_the_connection_stays_and_what_is_asked_on_it_later_is_answered() -> None:
    app, bounds = HeldApplication(), full()
    async with served(app, bounds) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        statuses = []
        for is_full in (True, True, False, True, False):
            bounds.admission.in_flight = int(is_full)
            writer.write(POST)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            statuses.append(int(head.split()[1]))
        writer.close()

    assert statuses == [503, 503, 204, 503, 204]


async def test_each_request_of_a_pipeline_is_refused_and_one_that_is_not_whole_ends_the_connection() -> None:
    bounds = full()
    async with served(HeldApplication(), bounds) as port:
        read = await read_until_closed(port, GET + POST + POST[:-1])

    assert read.count(b"HTTP/1.1 503 ") == 3
    assert read.count(b"connection: close") == 1
    assert len(set(re.findall(rb"x-request-id: (\S+)", read))) == 3


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /livez HTTP/1.1\r\nHost: stageline\r\n\r\n",
        b"HEAD / HTTP/1.1\r\nHost: stageline\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: stageline\r\nOrigin: https://spa.example\r\n\r\n",
    ],
)
async def test_what_needs_an_answer_of_the_application_comes_to_it(request_bytes: bytes) -> None:
    app = HeldApplication()
    async with served(app, full()) as port:
        status, _, _ = await say(port, request_bytes)

    assert (status, len(app.seen)) == (204, 1)


async def test_of_requests_that_arrive_together_no_more_come_to_the_application_than_there_may_be() -> None:
    app, bounds = HeldApplication(), Bounds(admission=Admission(most=2))
    async with served(app, bounds) as port, asyncio.timeout(PATIENCE_SECONDS):
        connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(8)]
        for _, writer in connections:
            writer.write(GET)
        heads = [await reader.readuntil(b"\r\n\r\n") for reader, _ in connections]
        for _, writer in connections:
            writer.close()

    assert sorted(int(head.split()[1]) for head in heads) == [204] * 2 + [503] * 6
    assert (len(app.seen), bounds.admission.refused) == (2, 6)


async def test_a_request_that_has_begun_is_not_refused_half_way() -> None:
    app, bounds = HeldApplication(), Bounds(admission=Admission(most=1))
    async with served(app, bounds) as port, asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(POST[:-4])
        while not app.seen:  # noqa: ASYNC110 # the server tells nobody
            await asyncio.sleep(0.001)
        bounds.admission.in_flight = 1
        writer.write(POST[-4:])
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()

    assert head.startswith(b"HTTP/1.1 204 ")


async def test_what_cannot_be_read_is_told_so_also_when_there_is_enough_to_do() -> None:
    async with served(HeldApplication(), full()) as port:
        assert code_of(await say(port, b"\x16\x03\x01 hello\r\n\r\n")) == "bad_request"


async def test_connections_beyond_those_there_may_be_are_answered_and_closed() -> None:
    app = HeldApplication()
    async with served(app, Bounds(most_connections=1)) as port, asyncio.timeout(PATIENCE_SECONDS):
        first_reader, first = await asyncio.open_connection("127.0.0.1", port)
        first.write(GET)
        head = await first_reader.readuntil(b"\r\n\r\n")
        read = await read_until_closed(port, GET)
        first.write(GET)
        again = await first_reader.readuntil(b"\r\n\r\n")
        first.close()

    assert read.startswith(b"HTTP/1.1 503 ")
    assert b"connection: close" in read
    assert (head[:13], again[:13], len(app.seen)) == (b"HTTP/1.1 204 ", b"HTTP/1.1 204 ", 2)


async def test_who_asks_and_reads_no_answer_is_cut_off() -> None:
    async def ask_on(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(GET * 1_000)
            await writer.drain()

    async with served(HeldApplication(), full()) as port, asyncio.timeout(PATIENCE_SECONDS):
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.transport.pause_reading()  # type: ignore[attr-defined] # asyncio's own transports can
        with pytest.raises(ConnectionError):
            await ask_on(writer)


@pytest.mark.parametrize("sent", [b"", GET[:-2]])
async def test_headers_that_do_not_arrive_are_not_waited_for(sent: bytes) -> None:
    async with served(HeldApplication(), Bounds(head_deadline_seconds=0.05)) as port:
        read = await read_until_closed(port, sent)

    assert read.startswith(b"HTTP/1.1 408 " if sent else b"")
    assert bool(read) == bool(sent)


async def test_nor_are_those_of_a_second_request() -> None:
    async with served(HeldApplication(), Bounds(head_deadline_seconds=0.05)) as port:
        read = await read_until_closed(port, GET + GET[:-2])

    assert re.findall(rb"HTTP/1.1 (\d+)", read) in ([b"204", b"408"], [b"204"])


@pytest.mark.parametrize("pieces", [1, 5])
@pytest.mark.parametrize("where", ["path", "header", "headers"])
async def test_a_head_that_is_too_long_is_refused(where: str, pieces: int) -> None:
    app = HeldApplication()
    path = ENOUGH if where == "path" else b""
    lines = {"path": b"", "header": b"A: " + ENOUGH + b"\r\n", "headers": b"A: b\r\n" * 1_000}[where]
    head = b"GET /" + path + b" HTTP/1.1\r\nHost: stageline\r\n" + lines + b"\r\n"
    size = len(head) // pieces + 1
    async with served(app, Bounds(most_head_bytes=1_500)) as port:
        answer = await say(port, *(head[at : at + size] for at in range(0, len(head), size)), pause_seconds=0.01)

    assert (answer[0], code_of(answer), app.seen) == (431, "headers_too_large", [])


async def test_a_body_may_be_longer_than_the_head() -> None:
    app = HeldApplication()
    long = b"POST / HTTP/1.1\r\nHost: stageline\r\nContent-Length: 2000\r\n\r\n" + ENOUGH
    async with served(app, Bounds(most_head_bytes=1_500)) as port:
        status, _, _ = await say(port, long)

    assert status == 204


async def test_a_server_that_leaves_ends_each_connection_with_its_next_answer() -> None:
    async with served(HeldApplication(), Bounds(is_draining=True)) as port:
        read = await read_until_closed(port, GET)

    assert read.startswith(b"HTTP/1.1 204 ")
    assert b"connection: close" in read


@pytest.mark.parametrize("pieces", [1, 2, 200])
@pytest.mark.parametrize("offer", [HTTP_2, WEBSOCKET], ids=["h2c", "websocket"])
@pytest.mark.parametrize(
    "body",
    [b"Content-Length: 4\r\n\r\nbody", b"Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n"],
    ids=["length", "chunks"],
)
async def test_an_offer_of_another_protocol_is_not_taken_up(body: bytes, offer: bytes, pieces: int) -> None:
    app = HeldApplication()
    offering = b"POST /offering HTTP/1.1\r\nHost: stageline\r\n" + offer + body
    sent = offering * 2 + b"GET /after HTTP/1.1\r\nHost: stageline\r\nConnection: close\r\n\r\n"
    size = len(sent) // pieces + 1
    async with served(app) as port:
        read = await read_until_closed(port, *(sent[at : at + size] for at in range(0, len(sent), size)))

    assert re.findall(rb"HTTP/1.1 (\d+)", read) == [b"204"] * 3
    assert app.seen == ["/offering", "/offering", "/after"]
    assert app.bodies == [b"body", b"body", b""]


async def test_who_wants_a_tunnel_is_refused() -> None:
    app = HeldApplication()
    async with served(app) as port:
        answer = await say(port, b"CONNECT stageline:443 HTTP/1.1\r\nHost: stageline\r\n\r\n")

    assert (answer[0], code_of(answer), app.seen) == (400, "bad_request", [])
