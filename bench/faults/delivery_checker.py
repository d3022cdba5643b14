"""Finds what must not be in the logs of receivers."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from bench.faults.checker import Kind, Violation
from bench.faults.history import Answered, Arrival, Endpoint, Event, ReceiverLog

_SUCCESS = range(200, 300)

Owed = tuple[str, str]  # the receiver's name of an endpoint, and an event


@dataclass(slots=True)
class Ledger:
    """What each endpoint wants: in all, and per subject in order."""

    events: dict[str, Event]
    endpoints: dict[str, Endpoint]
    owed: set[Owed] = field(default_factory=set)
    lanes: dict[tuple[str, str], list[Event]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, endpoints: Sequence[Endpoint], events: Sequence[Event]) -> "Ledger":
        """Work out what is owed: all that happened after the endpoint was made and that it selects."""
        ledger = cls({event.id: event for event in events}, {endpoint.name: endpoint for endpoint in endpoints})
        ordered = sorted(events, key=lambda event: (event.subject_id, event.sequence))
        for endpoint in endpoints:
            for event in ordered:
                if event.organization_id != endpoint.organization_id or not endpoint.wants(event):
                    continue
                if event.occurred_at >= endpoint.created_at:
                    ledger.owed.add((endpoint.name, event.id))
                    ledger.lanes[endpoint.name, event.subject_id].append(event)
        return ledger

    def allows(self, arrival: Arrival) -> bool:
        """Whether the endpoint may see the event at all."""
        endpoint, event = self.endpoints[arrival.endpoint], self.events[arrival.event_id]
        return event.organization_id == endpoint.organization_id and endpoint.wants(event)


def check_deliveries(ledger: Ledger, log: ReceiverLog, given_up: Collection[Owed] = ()) -> Iterator[Violation]:
    """Every owed event was acknowledged, in order, with the bytes of the log, and nothing else arrived."""
    known = set[str]()
    for arrival in log.arrivals:
        if arrival.event_id not in ledger.events:
            yield Violation(Kind.UNKNOWN_EVENT, f"{arrival.event_id} at {arrival.endpoint}")
            continue
        known.add(arrival.event_id)
        if arrival.sha256 != ledger.events[arrival.event_id].sha256:
            yield Violation(Kind.ALTERED, f"{arrival.event_id} at {arrival.endpoint}")
        if not arrival.is_signed:
            yield Violation(Kind.UNSIGNED, f"{arrival.event_id} at {arrival.endpoint}")
        if not ledger.allows(arrival):
            yield Violation(Kind.FOREIGN, f"{arrival.event_id} at {arrival.endpoint}")
    yield from _check_order(ledger, log, frozenset(given_up), known)
    for endpoint, event_id in sorted(ledger.owed - acknowledged(log) - set(given_up)):
        yield Violation(Kind.NOT_DELIVERED, f"{event_id} to {endpoint}")


def _check_order(
    ledger: Ledger, log: ReceiverLog, given_up: frozenset[Owed], known: Collection[str]
) -> Iterator[Violation]:
    order = _Order(ledger, given_up)
    for entry in log.entries:
        if isinstance(entry, Answered):
            order.answer(entry)
        elif entry.event_id in known:
            yield from order.arrive(entry)


@dataclass(slots=True)
class _Order:
    """Follows the lanes through a log."""

    ledger: Ledger
    given_up: frozenset[Owed]
    newest: dict[tuple[str, str], int] = field(default_factory=dict)
    arrived: set[Owed] = field(default_factory=set)
    acknowledged: set[Owed] = field(default_factory=set)
    open: dict[int, Owed] = field(default_factory=dict)
    done: Counter[tuple[str, str]] = field(default_factory=Counter)

    def arrive(self, arrival: Arrival) -> Iterator[Violation]:
        owed = (arrival.endpoint, arrival.event_id)
        self.open[arrival.number] = owed
        if owed in self.arrived:
            return
        self.arrived.add(owed)
        event = self.ledger.events[arrival.event_id]
        lane = (arrival.endpoint, event.subject_id)
        if event.sequence < self.newest.get(lane, 0):
            yield Violation(Kind.OUT_OF_ORDER, f"{event.id} ({event.sequence}) at {arrival.endpoint}")
        self.newest[lane] = max(event.sequence, self.newest.get(lane, 0))
        if waiting := self._earlier_unsettled(lane, event):
            yield Violation(
                Kind.OVERTAKEN, f"{event.sequence} of {event.subject_id} before {waiting.sequence} at {lane[0]}"
            )

    def answer(self, answered: Answered) -> None:
        owed = self.open.pop(answered.number, None)
        if owed is not None and answered.status in _SUCCESS:
            self.acknowledged.add(owed)

    def _earlier_unsettled(self, lane: tuple[str, str], event: Event) -> Event | None:
        events = self.ledger.lanes[lane]
        while self.done[lane] < len(events) and self._is_settled((lane[0], events[self.done[lane]].id)):
            self.done[lane] += 1
        first = events[self.done[lane]] if self.done[lane] < len(events) else None
        return first if first is not None and first.sequence < event.sequence else None

    def _is_settled(self, owed: Owed) -> bool:
        return owed in self.acknowledged or owed in self.given_up


def acknowledged(log: ReceiverLog) -> set[Owed]:
    """What receivers said yes to."""
    asked = {arrival.number: (arrival.endpoint, arrival.event_id) for arrival in log.arrivals}
    return {
        asked[entry.number]
        for entry in log.entries
        if isinstance(entry, Answered) and entry.status in _SUCCESS and entry.number in asked
    }


def duplicates(log: ReceiverLog) -> int:
    """How many messages came again although the receiver had not refused them."""
    asked: dict[int, Owed] = {}
    taken, again = set[Owed](), 0
    for entry in log.entries:
        if isinstance(entry, Arrival):
            asked[entry.number] = owed = (entry.endpoint, entry.event_id)
            again += owed in taken
            taken.add(owed)
        elif entry.status not in _SUCCESS:
            taken.discard(asked[entry.number])
    return again
