"""Finds what must not be in the histories of clients, database and receivers, and names it."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bench.faults.history import Answer, Asked, Event, Holdings, Repeated, Transition

STAGE_CHANGED = "opportunity.stage_changed"


class Kind(StrEnum):
    """The ways in which the promise can be broken."""

    LOST = "an acknowledged transition is not in the ledger"
    DOUBLED = "a transition was made twice"
    REFUSED_BUT_MADE = "a refused transition is in the ledger"
    NOBODY_ASKED = "a transition that nobody asked for"
    NOT_AS_ASKED = "a transition other than the one asked for"
    WITHOUT_EVENT = "a transition without its event"
    WITHOUT_TRANSITION = "a stage event without its transition"
    GAP = "the events of a subject are not numbered 1, 2, 3 …"
    BROKEN_CHAIN = "the transitions of a deal do not follow each other"
    INCONSISTENT = "an event's bytes name another event"
    NOT_DELIVERED = "an event was not delivered to an endpoint that wants it"
    OUT_OF_ORDER = "an event arrived first after a later one of its subject"
    OVERTAKEN = "an event was sent before an earlier one of its subject was acknowledged"
    ALTERED = "a message's bytes are not those of the log"
    UNSIGNED = "a message's signature is not right"
    FOREIGN = "a message for another organization, or one not subscribed to"
    UNKNOWN_EVENT = "a message about an event that is not in the log"
    UNANSWERED = "a repeated request that was never answered"
    UNEQUAL = "a repeated request was answered in different ways"
    ANSWERED_ANEW = "a repeated request was carried out more than once by its answers"
    OTHER_EFFECT = "a repeated request has other effects than the one that its answer tells of"
    FEED_LOST = "an event was not seen in the feed"
    FEED_TWICE = "an event was seen twice in the feed"
    FEED_FOREIGN = "an event in the feed that was never committed"
    FEED_OUT_OF_ORDER = "a subject's events are out of order in the feed"


@dataclass(frozen=True, slots=True)
class Violation:
    """One thing that must not be."""

    kind: Kind
    detail: str


def check_answers(asked: Iterable[Asked], transitions: Sequence[Transition]) -> Iterator[Violation]:
    """Every acknowledged transition was made once, every refused one never, an unknown one at most once."""
    made: dict[str | None, list[Transition]] = defaultdict(list)
    for transition in transitions:
        made[transition.key].append(transition)
    for each in asked:
        yield from _check_answer(each, made.pop(each.key, []))
    for key, rows in made.items():
        yield Violation(Kind.NOBODY_ASKED, f"{len(rows)} with reason {key!r}, first {rows[0].id}")


def _check_answer(asked: Asked, made: Sequence[Transition]) -> Iterator[Violation]:
    detail = f"{asked.key} of deal {asked.deal_id}"
    if len(made) > 1:
        yield Violation(Kind.DOUBLED, f"{detail}: {len(made)} times, {asked.answer}")
    if made and asked.answer is Answer.REFUSED:
        yield Violation(Kind.REFUSED_BUT_MADE, detail)
    if asked.answer is Answer.ACKNOWLEDGED and asked.transition_id not in {row.id for row in made}:
        yield Violation(Kind.LOST, detail)
    if any((row.deal_id, row.to_stage) != (asked.deal_id, asked.to_stage) for row in made):
        yield Violation(Kind.NOT_AS_ASKED, detail)


def check_repeated(repeated: Iterable[Repeated], made: Mapping[str, Sequence[str]]) -> Iterator[Violation]:
    """All senders of a request heard the same bytes, which tell of its one effect; `made` gives ids by key."""
    for each in repeated:
        answers = [heard for heard in each.heard if heard is not None]
        if len(answers) < len(each.heard):
            yield Violation(Kind.UNANSWERED, f"{each.key}: {len(each.heard) - len(answers)} senders")
        if len({(heard.status, heard.body, heard.headers) for heard in answers}) > 1:
            yield Violation(Kind.UNEQUAL, f"{each.key}: {sorted({heard.status for heard in answers})}")
        if sum(not heard.is_replayed for heard in answers) > 1:
            yield Violation(Kind.ANSWERED_ANEW, each.key)
        told = {json.loads(heard.body).get("id") for heard in answers}
        if told != set(made.get(each.key, ())) or len(made.get(each.key, ())) != 1:
            yield Violation(Kind.OTHER_EFFECT, f"{each.key}: {len(made.get(each.key, ()))} made")


def check_ledger(holdings: Holdings) -> Iterator[Violation]:
    """Transition and event belong together both ways, subjects are numbered without gaps, deals walk on."""
    events = {event.id: event for event in holdings.events}
    yield from _check_pairs(holdings, events)
    for event in holdings.events:
        if not event.is_consistent:
            yield Violation(Kind.INCONSISTENT, event.id)
    yield from _check_numbers(holdings.events)
    yield from _check_chains(holdings)


def _check_pairs(holdings: Holdings, events: dict[str, Event]) -> Iterator[Violation]:
    paired = Counter(transition.event_id for transition in holdings.transitions)
    for transition in holdings.transitions:
        event = events.get(transition.event_id or "")
        expected = (STAGE_CHANGED, transition.deal_id, transition.sequence)
        if event is None or (event.type, event.subject_id, event.sequence) != expected:
            yield Violation(Kind.WITHOUT_EVENT, transition.id)
    for event in holdings.events:
        if event.type == STAGE_CHANGED and paired[event.id] != 1:
            yield Violation(Kind.WITHOUT_TRANSITION, f"{event.id}: {paired[event.id]} transitions")


def _check_numbers(events: Iterable[Event]) -> Iterator[Violation]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for event in events:
        numbers[event.subject_id].append(event.sequence)
    for subject_id, sequences in numbers.items():
        if sorted(sequences) != list(range(1, len(sequences) + 1)):
            yield Violation(Kind.GAP, f"subject {subject_id}: {len(sequences)} events up to {max(sequences)}")


def _check_chains(holdings: Holdings) -> Iterator[Violation]:
    walks: dict[str, list[Transition]] = defaultdict(list)
    for transition in sorted(holdings.transitions, key=lambda each: each.sequence or 0):
        walks[transition.deal_id].append(transition)
    stages = {deal.id: deal.stage for deal in holdings.deals}
    for deal_id, walk in walks.items():
        arrived = [transition.to_stage for transition in walk]
        left = [transition.from_stage for transition in walk[1:]] + [stages.get(deal_id, "")]
        if arrived != left:
            yield Violation(
                Kind.BROKEN_CHAIN, f"deal {deal_id} is in {stages.get(deal_id)}, its walk ends {arrived[-1]}"
            )


def check_feed(read: Sequence[tuple[str, str, int]], committed: set[str]) -> Iterator[Violation]:
    """Every committed event was read once, and each subject's in the order of their numbers.

    `read` gives id, subject and number in the order of the feed.
    """
    seen = Counter(event_id for event_id, _, _ in read)
    for event_id, count in seen.items():
        if count > 1:
            yield Violation(Kind.FEED_TWICE, f"{event_id}: {count} times")
    for event_id in committed - seen.keys():
        yield Violation(Kind.FEED_LOST, event_id)
    for event_id in seen.keys() - committed:
        yield Violation(Kind.FEED_FOREIGN, event_id)
    newest: dict[str, int] = defaultdict(int)
    for event_id, subject_id, sequence in read:
        if sequence < newest[subject_id]:
            yield Violation(Kind.FEED_OUT_OF_ORDER, f"{event_id}: {sequence} after {newest[subject_id]}")
        newest[subject_id] = max(newest[subject_id], sequence)
