"""What is measured: each job's requests, the status that all of them must have, and its goal."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from bench.speed.supply import Supply

SLOTS = 32
"""The most connections of a load; each has a slot, with deals of its own to move."""

SPARE_SLOT = SLOTS
"""What is compared before the load must not be moved, or created, a second time by it."""

_ALL_SLOTS = SLOTS + 1


@dataclass(frozen=True, slots=True)
class Goal:
    """The least ratio of requests per second, service ÷ floor, and the one to stretch for."""

    least: float
    stretch: float


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of request; `requests` gives a slot's, without end."""

    name: str
    requests: Callable[[Supply, int], Iterator[bytes]]
    goal: Goal | None = None
    status: int = 200
    most_connections: int = SLOTS


def moving_of(deals: Sequence[str], slot: int, *, keyed: bool) -> Sequence[str]:
    """The deals that a slot moves, with a key or without."""
    return deals[slot * 2 + keyed :: _ALL_SLOTS * 2]


def _moves(supply: Supply, slot: int, *, keyed: bool) -> Iterator[bytes]:
    """Back and forward again: half of the moves have to show evidence."""
    number = itertools.count()
    deals = moving_of(supply.known.moving, slot, keyed=keyed)
    steps = ({"to_stage": "presentation", "reason": "They ask again"}, {"to_stage": "negotiation"})
    while True:
        for body, deal in itertools.product(steps, deals):
            key = f"bench-{slot}-{next(number)}" if keyed else None
            yield supply.post(f"/opportunities/{deal}/transitions", body, idempotency_key=key)


def _transition(supply: Supply, slot: int) -> Iterator[bytes]:
    return _moves(supply, slot, keyed=False)


def _keyed_transition(supply: Supply, slot: int) -> Iterator[bytes]:
    return _moves(supply, slot, keyed=True)


def _get_one(supply: Supply, slot: int) -> Iterator[bytes]:
    return itertools.cycle([supply.get(f"/opportunities/{deal}") for deal in supply.known.deals[slot::_ALL_SLOTS]])


def _explain(supply: Supply, slot: int) -> Iterator[bytes]:
    deals = supply.known.deals[slot::_ALL_SLOTS]
    return itertools.cycle([supply.get(f"/opportunities/{deal}/available-transitions") for deal in deals])


def _create_lead(supply: Supply, slot: int) -> Iterator[bytes]:
    for number in itertools.count():
        body = {"name": "Ann Field", "company_name": "Fields Ltd", "source": "web"}
        yield supply.post("/leads", body | {"email": f"ann-{slot}-{number}@fields.example"})


def _search(supply: Supply, slot: int) -> Iterator[bytes]:
    names = supply.known.names[slot::_ALL_SLOTS]
    return itertools.cycle([supply.get(f"/opportunities?limit=50&q={quote(name)}") for name in names])


def _attainment(supply: Supply, _slot: int) -> Iterator[bytes]:
    return itertools.repeat(supply.get(f"/team-targets/{supply.known.target}/attainment"))


def _feed(supply: Supply, _slot: int) -> Iterator[bytes]:
    return itertools.repeat(supply.get("/events?limit=1000", key=supply.known.organization.operations))


def _list(query: str) -> Callable[[Supply, int], Iterator[bytes]]:
    def requests(supply: Supply, _slot: int) -> Iterator[bytes]:
        return itertools.repeat(supply.get(f"/opportunities?limit=50{query.format(**supply.cursors)}"))

    return requests


_LIST = Goal(0.8, 1.2)
_ONE = Goal(0.45, 0.65)

JOBS = (
    Job("transition", _transition, Goal(0.55, 1.0), status=201),
    Job("transition with an idempotency key", _keyed_transition, Goal(0.55, 1.0), status=201),
    Job("get one", _get_one, _ONE),
    Job("create lead", _create_lead, _ONE, status=201),
    Job("available transitions", _explain, _ONE),
    Job("list 50, newest", _list(""), _LIST),
    Job("list 50, deep page", _list("&cursor={deep}"), _LIST),
    Job("list 50, filtered", _list("&stage=negotiation&outcome=open"), _LIST),
    Job("list 50, by amount", _list("&sort=-amount"), _LIST),
    Job("search by name", _search),
    Job("attainment of a quarter", _attainment),
    # more wait longer for a connection of the pool than a request may: pages of a megabyte are not read by so many
    Job("feed, 1,000 events", _feed, most_connections=8),
)
