import ssl
import sys
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from app.core.address_guard import AddressGuard, Resolver
from app.webhooks.attempt import Attempt, ErrorClass
from app.webhooks.sender import Sender
from tests.webhooks.certificates import server_context
from tests.webhooks.receivers import answering, interrupting, receiving

HOST = "hooks.example"


def attempt_at(url: str) -> Attempt:
    return Attempt(url=url, secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], message_id="msg_1", body=b"{}")


def resolving(answers: Sequence[Sequence[str]]) -> Resolver:
    """Give the first answer at the first lookup, and so on."""
    remaining = iter(answers)

    async def resolver(_host: str) -> Sequence[str]:
        return next(remaining)

    return resolver


def guard_for(*answers: Sequence[str]) -> AddressGuard:
    return AddressGuard([IPv4Network("127.0.0.0/8")], allow_http=True, resolver=resolving(answers))


async def test_connections_are_kept_for_the_same_address() -> None:
    guard = guard_for(["127.0.0.1"], ["127.0.0.1"], ["127.0.0.1"])
    async with Sender(guard) as sender, receiving(answering(200, body=b"ok")) as receiver:
        url = f"http://{HOST}:{receiver.port}/"
        outcomes = [await sender.send(attempt_at(url)) for _ in range(3)]

    assert all(outcome.delivered for outcome in outcomes)
    assert receiver.connections == 1
    assert {request.headers["Host"] for request in receiver.requests} == {f"{HOST}:{receiver.port}"}


async def test_an_open_connection_does_not_outlive_its_address() -> None:
    guard = guard_for(["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "169.254.169.254"])
    async with Sender(guard) as sender, receiving(answering(200)) as receiver:
        url = f"http://{HOST}:{receiver.port}/"
        first, second, third = [await sender.send(attempt_at(url)) for _ in range(3)]

    assert first.delivered
    assert (second.status, second.error_class) == (None, ErrorClass.BLOCKED_ADDRESS)
    assert (third.status, third.error_class) == (None, ErrorClass.BLOCKED_ADDRESS)
    assert len(receiver.requests) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux answers on all of 127.0.0.0/8")
async def test_connects_to_the_address_of_this_attempts_answer() -> None:
    guard = guard_for(["127.0.0.1"], ["127.0.0.2"])
    async with (
        Sender(guard) as sender,
        receiving(answering(200)) as first,
        receiving(answering(200), host="127.0.0.2", port=first.port) as second,
    ):
        await sender.send(attempt_at(f"http://{HOST}:{first.port}/"))
        await sender.send(attempt_at(f"http://{HOST}:{first.port}/"))

    assert [request.local_host for request in first.requests] == ["127.0.0.1"]
    assert [request.local_host for request in second.requests] == ["127.0.0.2"]


async def test_a_url_that_was_good_is_blocked_when_its_name_moves_inside() -> None:
    guard = AddressGuard(resolver=resolving([["8.8.8.8"], ["127.0.0.1"]]))
    await guard.resolve(guard.check_url(f"https://{HOST}/"))

    async with Sender(guard) as sender:
        outcome = await sender.send(attempt_at(f"https://{HOST}/"))

    assert outcome.error_class is ErrorClass.BLOCKED_ADDRESS
    assert "127" not in repr(outcome)


async def test_a_failed_lookup_is_dns() -> None:
    async with Sender(guard_for([])) as sender:
        outcome = await sender.send(attempt_at(f"https://{HOST}/"))

    assert (outcome.status, outcome.error_class) == (None, ErrorClass.DNS)


async def test_tls_is_checked_against_the_name_not_the_pinned_address(tmp_path: Path) -> None:
    tls, certificate = server_context(HOST, tmp_path)
    names: list[str | None] = []
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    client_context = ssl.create_default_context(cadata=certificate)
    async with (
        Sender(guard_for(["127.0.0.1"]), ssl_context=client_context) as sender,
        receiving(answering(200), tls=tls) as receiver,
    ):
        outcome = await sender.send(attempt_at(f"https://{HOST}.:{receiver.port}/"))

    assert outcome.delivered
    assert names == [HOST]
    assert receiver.requests[0].headers["Host"] == f"{HOST}:{receiver.port}"


async def test_a_certificate_for_another_name_is_a_tls_failure(tmp_path: Path) -> None:
    tls, certificate = server_context("other.example", tmp_path)
    client_context = ssl.create_default_context(cadata=certificate)
    async with (
        Sender(guard_for(["127.0.0.1"]), ssl_context=client_context) as sender,
        receiving(answering(200), tls=tls) as receiver,
    ):
        outcome = await sender.send(attempt_at(f"https://{HOST}:{receiver.port}/"))

    assert (outcome.status, outcome.error_class) == (None, ErrorClass.TLS)
    assert receiver.requests == []


async def test_an_untrusted_certificate_is_a_tls_failure(tmp_path: Path) -> None:
    tls, _ = server_context(HOST, tmp_path)
    async with Sender(guard_for(["127.0.0.1"])) as sender, receiving(answering(200), tls=tls) as receiver:
        outcome = await sender.send(attempt_at(f"https://{HOST}:{receiver.port}/"))

    assert outcome.error_class is ErrorClass.TLS


async def test_a_receiver_that_speaks_no_tls_is_a_tls_failure() -> None:
    async with Sender(guard_for(["127.0.0.1"])) as sender, interrupting(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        outcome = await sender.send(attempt_at(f"https://{HOST}:{port}/"))

    assert (outcome.status, outcome.error_class) == (None, ErrorClass.TLS)
