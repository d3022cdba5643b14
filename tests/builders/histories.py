"""Builders: histories of clients, database and receivers that are in order, for tests to break."""

from datetime import UTC, datetime, timedelta

from bench.faults.checker import STAGE_CHANGED
from bench.faults.delivery_checker import Ledger
from bench.faults.history import (
    Answer,
    Answered,
    Arrival,
    Asked,
    Deal,
    Endpoint,
    Event,
    Holdings,
    ReceiverLog,
    Transition,
)

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = ("first", "second", "third", "second", "first")


def asked(number: int = 1, answer: Answer = Answer.ACKNOWLEDGED) -> Asked:
    """What a client wanted: the move that `transition` of the same number is."""
    transition_id = f"transition-{number}" if answer is Answer.ACKNOWLEDGED else None
    return Asked(f"key-{number}", "deal", STAGES[number], answer, transition_id)


def transition(number: int = 1, deal_id: str = "deal") -> Transition:
    """The deal's move of that number; its event is the one after `opportunity.created`."""
    return Transition(
        id=f"transition-{number}",
        organization_id="ours",
        deal_id=deal_id,
        from_stage=STAGES[number - 1],
        to_stage=STAGES[number],
        key=f"key-{number}",
        event_id=f"{deal_id}-{number + 1}",
        sequence=number + 1,
        record_version=number + 1,
    )


def event(sequence: int, subject_id: str = "deal", organization_id: str = "ours") -> Event:
    """The event of that number."""
    return Event(
        id=f"{subject_id}-{sequence}",
        organization_id=organization_id,
        type="opportunity.created" if sequence == 1 else STAGE_CHANGED,
        subject_id=subject_id,
        sequence=sequence,
        step="prospecting",
        occurred_at=BEGINNING + timedelta(seconds=sequence),
        sha256=f"hash of {subject_id}-{sequence}",
    )


def holdings(moves: int = 3) -> Holdings:
    """A deal that made so many moves."""
    return Holdings(
        transitions=[transition(number) for number in range(1, moves + 1)],
        events=[event(sequence) for sequence in range(1, moves + 2)],
        deals=[Deal("deal", STAGES[moves])],
    )


def endpoint(name: str = "endpoint", *event_types: str, organization_id: str = "ours") -> Endpoint:
    """An endpoint that was there from the beginning."""
    return Endpoint(name, name, organization_id, event_types or ("opportunity.*",), None, BEGINNING)


def ledger(*endpoints: Endpoint, events: list[Event] | None = None) -> Ledger:
    """What endpoints are owed of a deal's first three events."""
    return Ledger.of(endpoints or [endpoint()], events or [event(1), event(2), event(3)])


def log(*entries: str) -> ReceiverLog:
    """A receiver's log from words: `deal-1` arrives, `yes deal-1` and `no deal-1` are answers to its last arrival."""
    receiver_log = ReceiverLog()
    last: dict[str, int] = {}
    for number, entry in enumerate(entries):
        word, _, name = entry.rpartition(" ")
        if word:
            receiver_log.entries.append(Answered(last[name], number, 200 if word == "yes" else 503))
        else:
            last[name] = number
            receiver_log.entries.append(Arrival(number, number, "endpoint", name, f"hash of {name}"))
    return receiver_log


IN_ORDER = ("deal-1", "yes deal-1", "deal-2", "yes deal-2", "deal-3", "yes deal-3")
