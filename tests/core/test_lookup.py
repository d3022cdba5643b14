import asyncio
import socket
import threading

import pytest

from app.core.lookup import SystemResolver


class SlowSystem:
    """Stands in for the operating system's lookup and answers when told, but for one name at once."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, *_args: object, **_options: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        if host != "fast.example":
            self.may_answer.wait(10)
        if host == "missing.example":
            raise socket.gaierror("no such name")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.1", 0))]


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> SlowSystem:
    system = SlowSystem()
    monkeypatch.setattr(socket, "getaddrinfo", system.getaddrinfo)
    return system


async def test_asks_once_for_all_who_wait_for_a_name(system: SlowSystem) -> None:
    resolver = SystemResolver()
    waiting = [asyncio.ensure_future(resolver("slow.example")) for _ in range(3)]
    await asyncio.sleep(0)

    waiting[0].cancel()
    system.may_answer.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(answers[0], asyncio.CancelledError)
    assert answers[1:] == [["192.0.2.1"], ["192.0.2.1"]]
    assert system.asked == ["slow.example"]


async def test_asks_again_after_the_answer(system: SlowSystem) -> None:
    resolver = SystemResolver()
    system.may_answer.set()

    await resolver("a.example")
    await resolver("a.example")

    assert system.asked == ["a.example", "a.example"]


async def test_hanging_names_do_not_hold_up_others(system: SlowSystem) -> None:
    resolver = SystemResolver()
    hanging = [asyncio.ensure_future(resolver(f"slow{number}.example")) for number in range(40)]
    await asyncio.sleep(0)

    answer = await asyncio.wait_for(resolver("fast.example"), 5)

    assert answer == ["192.0.2.1"]
    assert not any(lookup.done() for lookup in hanging)
    system.may_answer.set()
    await asyncio.gather(*hanging)


async def test_a_missing_name_is_an_error_for_each(system: SlowSystem) -> None:
    resolver = SystemResolver()
    system.may_answer.set()

    answers = await asyncio.gather(*(resolver("missing.example") for _ in range(2)), return_exceptions=True)

    assert [type(answer) for answer in answers] == [socket.gaierror] * 2
