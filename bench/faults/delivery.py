"""Waiting until receivers have everything, and checking what they got."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from itertools import chain

import asyncpg

from bench.faults.checker import Kind, Violation
from bench.faults.delivery_checker import Ledger, Owed, check_deliveries
from bench.faults.history import Holdings
from bench.faults.holdings import read_bodies
from bench.faults.house import House
from bench.faults.receivers import Signed, is_signed_with

_LOOK_SECONDS = 0.1
_QUIET_SECONDS = 90.0  # longer than a lease


def acknowledged(house: House) -> set[Owed]:
    """All that receivers have said yes to so far."""
    for receiver in house.receivers:
        receiver.read()
    return set(chain.from_iterable(receiver.acknowledged for receiver in house.receivers))


def arrived(house: House) -> int:
    """How many different messages have arrived so far."""
    for receiver in house.receivers:
        receiver.read()
    return sum(len(receiver.first_arrivals) for receiver in house.receivers)


async def until_delivered(house: House, holdings: Holdings, tell: Callable[[float, float], None] | None = None) -> None:
    """Wait until all that is owed was acknowledged, or nothing more comes; the check says what is missing."""
    owed = Ledger.of(house.endpoints, holdings.events).owed
    fewest, changed_at = len(owed), time.monotonic()
    while missing := len(owed - acknowledged(house)):
        if missing < fewest:
            fewest, changed_at = missing, time.monotonic()
        if time.monotonic() > changed_at + _QUIET_SECONDS:
            return
        if tell is not None:
            tell(len(owed) - missing, len(owed))
        await asyncio.sleep(_LOOK_SECONDS)


async def end_leases(owner: asyncpg.Connection) -> None:
    """Let the leases of workers run out that were all killed, as a minute would; nobody may hold any."""
    await owner.execute("UPDATE webhook_lanes SET lease_until = now() WHERE lease_until > now()")


async def check_receivers(
    house: House, owner: asyncpg.Connection, holdings: Holdings, given_up: Collection[Owed] = ()
) -> list[Violation]:
    """Compare what each receiver got with the log, signatures included."""
    violations: list[Violation] = []
    bodies = await read_bodies(owner)
    for receiver in house.receivers:
        receiver.read()
        names = receiver.secrets.keys()
        own = [endpoint for endpoint in house.endpoints if endpoint.name in names]
        violations += check_deliveries(Ledger.of(own, holdings.events), receiver.log, given_up)
        violations += _check_signatures(receiver.signed, receiver.secrets, bodies)
    return violations


def _check_signatures(
    messages: Iterable[Signed], secrets: Mapping[str, str], bodies: Mapping[str, bytes]
) -> Iterator[Violation]:
    for message in messages:
        arrival = message.arrival
        body = bodies.get(arrival.event_id)
        if body is not None and not is_signed_with(secrets[arrival.endpoint], message, body):
            yield Violation(Kind.UNSIGNED, f"{arrival.event_id} at {arrival.endpoint}")
