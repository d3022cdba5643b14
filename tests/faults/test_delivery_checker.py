"""The checker names every kind of damage in the logs of receivers."""

from dataclasses import replace

import pytest

from bench.faults.checker import Kind
from bench.faults.delivery_checker import check_deliveries, duplicates
from bench.faults.history import Arrival, Endpoint
from tests.builders.histories import IN_ORDER, endpoint, event, ledger, log


@pytest.mark.parametrize(
    "entries",
    [
        IN_ORDER,
        ("deal-1", "no deal-1", "deal-1", "yes deal-1", *IN_ORDER[2:]),
        (*IN_ORDER[:4], "deal-1", "yes deal-1", "deal-2", "yes deal-2", *IN_ORDER[4:]),
    ],
    ids=["once each", "refused at first", "again after a crash"],
)
def test_finds_nothing_in_a_log_that_is_in_order(entries: tuple[str, ...]) -> None:
    assert list(check_deliveries(ledger(), log(*entries))) == []


@pytest.mark.parametrize(
    ("entries", "kinds"),
    [
        (IN_ORDER[:4], [Kind.NOT_DELIVERED]),
        ((*IN_ORDER[:5], "no deal-3"), [Kind.NOT_DELIVERED]),
        (IN_ORDER[:5], [Kind.NOT_DELIVERED]),
        (("deal-1", "deal-2", "yes deal-1", "yes deal-2", *IN_ORDER[4:]), [Kind.OVERTAKEN]),
        (("deal-1", "no deal-1", "deal-2", "yes deal-2", "deal-1", "yes deal-1", *IN_ORDER[4:]), [Kind.OVERTAKEN]),
        (
            ("deal-2", "yes deal-2", "deal-1", "yes deal-1", *IN_ORDER[4:]),
            [Kind.OVERTAKEN, Kind.OUT_OF_ORDER],
        ),
        ((*IN_ORDER, "deal-9", "yes deal-9"), [Kind.UNKNOWN_EVENT]),
    ],
)
def test_names_what_is_wrong_with_deliveries(entries: tuple[str, ...], kinds: list[Kind]) -> None:
    assert [violation.kind for violation in check_deliveries(ledger(), log(*entries))] == kinds


def test_another_subject_does_not_wait() -> None:
    events = [event(1), event(2), event(1, "other")]

    found = check_deliveries(
        ledger(events=events), log("deal-1", "other-1", "yes other-1", "yes deal-1", "deal-2", "yes deal-2")
    )

    assert list(found) == []


def test_an_event_that_was_given_up_holds_nobody_up() -> None:
    entries = ("deal-1", "no deal-1", *IN_ORDER[2:])

    assert list(check_deliveries(ledger(), log(*entries), given_up={("endpoint", "deal-1")})) == []


@pytest.mark.parametrize(
    ("change", "kind"), [({"sha256": "another"}, Kind.ALTERED), ({"is_signed": False}, Kind.UNSIGNED)]
)
def test_names_a_message_that_is_not_the_logs(change: dict[str, object], kind: Kind) -> None:
    good = log(*IN_ORDER)
    first = good.entries[0]
    assert isinstance(first, Arrival)
    good.entries[0] = replace(first, **change)  # type: ignore[arg-type] # the fields are literals of this test

    assert [violation.kind for violation in check_deliveries(ledger(), good)] == [kind]


@pytest.mark.parametrize(
    "owner",
    [endpoint("endpoint", "opportunity.*", organization_id="theirs"), endpoint("endpoint", "lead.*")],
    ids=["another organization", "not subscribed"],
)
def test_names_a_message_that_was_not_for_this_endpoint(owner: Endpoint) -> None:
    found = check_deliveries(ledger(owner), log(*IN_ORDER[:2]))

    assert [violation.kind for violation in found] == [Kind.FOREIGN]


def test_counts_what_came_again_though_it_was_not_refused() -> None:
    entries = ("deal-1", "no deal-1", "deal-1", "yes deal-1", "deal-1", "deal-2", "deal-2")

    assert duplicates(log(*entries)) == 2
