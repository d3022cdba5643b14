"""The checker names every kind of damage in histories that are broken by hand, and finds none in good ones."""

from dataclasses import replace

import pytest

from bench.faults.checker import Kind, Violation, check_answers, check_feed, check_ledger
from bench.faults.history import Answer, Asked, Deal, Transition
from tests.builders.histories import asked, event, holdings, transition


def kinds(violations: list[Violation]) -> list[Kind]:
    return [violation.kind for violation in violations]


@pytest.mark.parametrize(
    ("wanted", "made"),
    [
        ([asked()], [transition()]),
        ([asked(answer=Answer.REFUSED)], []),
        ([asked(answer=Answer.UNKNOWN)], []),
        ([asked(answer=Answer.UNKNOWN)], [transition()]),
    ],
    ids=["acknowledged and made", "refused", "unknown, not made", "unknown, made"],
)
def test_finds_nothing_where_answers_and_ledger_agree(wanted: list[Asked], made: list[Transition]) -> None:
    assert list(check_answers(wanted, made)) == []


@pytest.mark.parametrize(
    ("wanted", "made", "kind"),
    [
        ([asked()], [], Kind.LOST),
        ([asked()], [replace(transition(), id="another")], Kind.LOST),
        ([asked()], [transition(), replace(transition(), id="another")], Kind.DOUBLED),
        (
            [asked(answer=Answer.UNKNOWN)],
            [transition(), replace(transition(), id="another")],
            Kind.DOUBLED,
        ),
        ([asked(answer=Answer.REFUSED)], [transition()], Kind.REFUSED_BUT_MADE),
        ([], [transition()], Kind.NOBODY_ASKED),
        ([asked()], [replace(transition(), to_stage="third")], Kind.NOT_AS_ASKED),
        ([asked()], [replace(transition(), deal_id="another")], Kind.NOT_AS_ASKED),
    ],
)
def test_names_what_is_wrong_with_answers(wanted: list[Asked], made: list[Transition], kind: Kind) -> None:
    assert kinds(list(check_answers(wanted, made))) == [kind]


def test_finds_nothing_in_a_ledger_that_is_in_order() -> None:
    assert list(check_ledger(holdings())) == []


GOOD = holdings()
FIRST, SECOND, THIRD = GOOD.transitions
CREATED, *MOVED = GOOD.events
UPDATED = replace(event(5), type="opportunity.updated")
BROKEN = {
    "no event": replace(GOOD, transitions=[FIRST, SECOND, replace(THIRD, event_id=None)], events=GOOD.events[:3]),
    "event of another type": replace(GOOD, events=[CREATED, replace(UPDATED, id=MOVED[0].id, sequence=2), *MOVED[1:]]),
    "event of another number": replace(GOOD, transitions=[replace(FIRST, sequence=9), SECOND, THIRD]),
    "no transition": replace(GOOD, events=[*GOOD.events, event(5)]),
    "two transitions": replace(GOOD, transitions=[FIRST, SECOND, THIRD, replace(THIRD, id="another")]),
    "gap": replace(GOOD, events=[*GOOD.events, replace(UPDATED, sequence=7)]),
    "doubled number": replace(GOOD, events=[*GOOD.events, replace(UPDATED, sequence=4)]),
    "stage moved alone": replace(GOOD, deals=[Deal("deal", "last")]),
    "skipped move": replace(GOOD, transitions=[FIRST, replace(SECOND, from_stage="last"), THIRD]),
    "bytes of another event": replace(GOOD, events=[replace(CREATED, is_consistent=False), *MOVED]),
}


@pytest.mark.parametrize(
    ("what", "kind"),
    [
        ("no event", Kind.WITHOUT_EVENT),
        ("event of another type", Kind.WITHOUT_EVENT),
        ("event of another number", Kind.WITHOUT_EVENT),
        ("no transition", Kind.WITHOUT_TRANSITION),
        ("two transitions", Kind.WITHOUT_TRANSITION),
        ("gap", Kind.GAP),
        ("doubled number", Kind.GAP),
        ("stage moved alone", Kind.BROKEN_CHAIN),
        ("skipped move", Kind.BROKEN_CHAIN),
        ("bytes of another event", Kind.INCONSISTENT),
    ],
)
def test_names_what_is_wrong_with_the_ledger(what: str, kind: Kind) -> None:
    assert kind in kinds(list(check_ledger(BROKEN[what])))


def test_finds_nothing_in_a_feed_that_is_in_order() -> None:
    read = [("a1", "a", 1), ("b1", "b", 1), ("a2", "a", 2)]

    assert list(check_feed(read, {"a1", "a2", "b1"})) == []


@pytest.mark.parametrize(
    ("read", "committed", "kind"),
    [
        ([("a1", "a", 1)], {"a1", "a2"}, Kind.FEED_LOST),
        ([("a1", "a", 1), ("a1", "a", 1)], {"a1"}, Kind.FEED_TWICE),
        ([("a2", "a", 2), ("a1", "a", 1)], {"a1", "a2"}, Kind.FEED_OUT_OF_ORDER),
        ([("a1", "a", 1), ("a2", "a", 2)], {"a1"}, Kind.FEED_FOREIGN),
    ],
)
def test_names_what_is_wrong_with_a_feed(read: list[tuple[str, str, int]], committed: set[str], kind: Kind) -> None:
    assert kinds(list(check_feed(read, committed))) == [kind]
