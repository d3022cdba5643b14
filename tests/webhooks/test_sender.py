import asyncio
import gzip
import socket
import time
from collections.abc import AsyncIterator, Sequence
from ipaddress import IPv4Network

import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from app.core.address_guard import AddressGuard
from app.webhooks.attempt import Attempt, ErrorClass, Limits
from app.webhooks.sender import Sender
from tests.webhooks.receivers import Answer, answering, dripping, pouring, receiving, resetting, saying

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOON = 1_795_521_600.9  # 2026-11-24 12:00:00 UTC
SHORT_DEADLINE = Limits(deadline_seconds=0.3)

loopback_guard = AddressGuard([IPv4Network("127.0.0.0/8")], allow_http=True)


@pytest_asyncio.fixture
async def sender() -> AsyncIterator[Sender]:
    async with Sender(loopback_guard) as sender:
        yield sender


def attempt_at(url: str, *, message_id: str = "msg_1", body: bytes = b'{"n": 1}') -> Attempt:
    return Attempt(url=url, secrets=[SECRET], message_id=message_id, body=body)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_2xx_is_delivered(sender: Sender, status: int) -> None:
    async with receiving(answering(status)) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert outcome.delivered
    assert (outcome.status, outcome.error_class, outcome.gone) == (status, None, False)
    assert 0 < outcome.duration_ms < 15_000


@pytest.mark.parametrize("status", [304, 400, 404, 429, 500, 503])
async def test_other_statuses_are_http_errors(sender: Sender, status: int) -> None:
    async with receiving(answering(status)) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert not outcome.delivered
    assert (outcome.status, outcome.error_class, outcome.gone) == (status, ErrorClass.HTTP_ERROR, False)


async def test_410_says_gone(sender: Sender) -> None:
    async with receiving(answering(410)) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert outcome.gone
    assert not outcome.delivered


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_failures_and_not_followed(sender: Sender, status: int) -> None:
    async with (
        receiving(answering(200)) as inner,
        receiving(answering(status, f"Location: {inner.url}")) as receiver,
    ):
        outcome = await sender.send(attempt_at(receiver.url))

    assert (outcome.status, outcome.error_class) == (status, ErrorClass.HTTP_ERROR)
    assert len(receiver.requests) == 1
    assert inner.requests == []


async def test_request_is_signed_at_the_attempt_and_carries_our_headers() -> None:
    now = time.time()
    body = b'{"exact":  "bytes"}'
    async with Sender(loopback_guard, clock=lambda: now) as sender, receiving(answering(204)) as receiver:
        await sender.send(attempt_at(f"{receiver.url}/a%2Fb?sig=%2F+x", body=body))

    request = receiver.requests[0]
    assert request.request_line == "POST /hook/a%2Fb?sig=%2F+x HTTP/1.1"
    assert request.body == body
    assert Webhook(SECRET).verify(request.body, request.headers) == {"exact": "bytes"}
    assert {name: value for name, value in request.headers.items() if name != "webhook-signature"} == {
        "Host": f"127.0.0.1:{receiver.port}",
        "User-Agent": "Stageline-Webhooks/1",
        "Content-Type": "application/json",
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Content-Length": "19",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(now)),
    }


@pytest.mark.parametrize(
    ("status", "value", "seconds"),
    [
        (429, "120", 120),
        (503, "0", 0),
        (429, "999999", 86_400),
        (503, "Tue, 24 Nov 2026 12:10:00 GMT", 600),
        (429, "soon", None),
        (200, "120", None),
        (500, "120", None),
    ],
)
async def test_retry_after_counts_with_429_and_503(status: int, value: str, seconds: int | None) -> None:
    async with (
        Sender(loopback_guard, clock=lambda: NOON) as sender,
        receiving(answering(status, f"Retry-After: {value}")) as receiver,
    ):
        outcome = await sender.send(attempt_at(receiver.url))

    assert outcome.retry_after_seconds == seconds


async def test_excerpt_is_text_without_nul_and_truncated(sender: Sender) -> None:
    async with receiving(answering(500, body=b"a\x00b\xff" + "é".encode() * 4000)) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert outcome.response_excerpt == "ab\ufffd" + "é" * 1021


@pytest.mark.parametrize(
    "beginning", [b"HTTP/1.1 200 ", b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"]
)
async def test_dripping_answer_ends_at_the_deadline(beginning: bytes) -> None:
    async with Sender(loopback_guard, limits=SHORT_DEADLINE) as sender, receiving(dripping(beginning)) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert outcome.error_class is ErrorClass.TIMEOUT
    assert not outcome.delivered
    assert 290 < outcome.duration_ms < 1300


async def test_deadline_spans_the_lookup() -> None:
    async def never(_host: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with Sender(AddressGuard(resolver=never), limits=SHORT_DEADLINE) as sender:
        outcome = await sender.send(attempt_at("https://example.com/"))

    assert outcome.error_class is ErrorClass.TIMEOUT
    assert 290 < outcome.duration_ms < 1300


async def test_endless_body_is_cut_at_the_limit(sender: Sender) -> None:
    async with receiving(pouring) as receiver:
        first = await sender.send(attempt_at(receiver.url))
        second = await sender.send(attempt_at(receiver.url))

    assert first.delivered
    assert second.delivered
    assert first.response_excerpt == "x" * 1024
    assert receiver.connections == 2


async def test_compressed_body_is_never_decompressed(sender: Sender) -> None:
    bomb = gzip.compress(b"A" * 10_000_000)
    async with receiving(answering(200, "Content-Encoding: gzip", body=bomb)) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert outcome.delivered
    assert outcome.response_excerpt.startswith("\x1f\ufffd")
    assert "AAAA" not in outcome.response_excerpt


@pytest.mark.parametrize(
    ("answer", "status", "error_class"),
    [
        (resetting, None, ErrorClass.CONNECT),
        (saying(b""), None, ErrorClass.CONNECT),
        (saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort"), 200, ErrorClass.CONNECT),
        (saying(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), None, ErrorClass.HTTP_ERROR),
        (saying(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000), None, ErrorClass.HTTP_ERROR),
        (
            saying(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
            101,
            ErrorClass.HTTP_ERROR,
        ),
    ],
)
async def test_broken_answers_are_failures(
    sender: Sender, answer: Answer, status: int | None, error_class: ErrorClass
) -> None:
    async with receiving(answer) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert not outcome.delivered
    assert (outcome.status, outcome.error_class) == (status, error_class)


async def test_refused_connection(sender: Sender) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))

        outcome = await sender.send(attempt_at(f"http://127.0.0.1:{reserved.getsockname()[1]}/"))

    assert (outcome.status, outcome.error_class) == (None, ErrorClass.CONNECT)


@pytest.mark.parametrize(
    "url", ["https://example.com/\r\nX-Injected: 1", "https://example.com\r\nX-Injected: 1/", "http://a b/"]
)
async def test_line_ends_in_a_url_reach_no_receiver(sender: Sender, url: str) -> None:
    outcome = await sender.send(attempt_at(url))

    assert outcome.error_class is ErrorClass.BLOCKED_ADDRESS


async def test_line_ends_in_an_id_reach_no_receiver(sender: Sender) -> None:
    async with receiving(answering(200)) as receiver:
        with pytest.raises(ValueError, match="message id"):
            await sender.send(attempt_at(receiver.url, message_id="a\r\nX-Injected: 1"))

    assert receiver.connections == 0


async def test_proxies_from_the_environment_are_ignored(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with receiving(answering(200)) as receiver:
        outcome = await sender.send(attempt_at(receiver.url))

    assert outcome.delivered


async def test_cookies_are_not_kept(sender: Sender) -> None:
    async with receiving(answering(200, "Set-Cookie: session=1; Path=/")) as receiver:
        await sender.send(attempt_at(receiver.url))
        await sender.send(attempt_at(receiver.url))

    assert "Cookie" not in receiver.requests[1].headers


async def test_cancelling_an_attempt_is_no_outcome(sender: Sender) -> None:
    async with receiving(dripping(b"HTTP/1.1 200 OK\r\nX: ")) as receiver:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sender.send(attempt_at(receiver.url)), 0.1)
