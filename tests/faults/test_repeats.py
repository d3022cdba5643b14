"""The checker of repeated requests finds nothing in good histories, and names every kind of damage."""

from dataclasses import replace

import pytest

from bench.faults.checker import Kind, check_repeated
from bench.faults.history import Heard, Repeated

FIRST = Heard(201, b'{"id":"a"}', ('"1"', "/v1/accounts/a"), is_replayed=False)
AGAIN = replace(FIRST, is_replayed=True)
OTHER = replace(AGAIN, body=b'{"id":"b"}')
MADE = {"one": ["a"]}


def repeated(*heard: Heard | None) -> list[Repeated]:
    return [Repeated("one", "/v1/accounts", {"name": "one"}, list(heard))]


@pytest.mark.parametrize(
    "requests", [repeated(FIRST, AGAIN), repeated(AGAIN, AGAIN)], ids=["all heard", "the first answer was lost"]
)
def test_finds_nothing_where_one_effect_was_answered_alike(requests: list[Repeated]) -> None:
    assert list(check_repeated(requests, MADE)) == []


@pytest.mark.parametrize(
    ("requests", "made", "kinds"),
    [
        (repeated(FIRST, None), MADE, [Kind.UNANSWERED]),
        (repeated(FIRST, replace(AGAIN, body=b'{"id": "a"}')), MADE, [Kind.UNEQUAL]),
        (repeated(FIRST, replace(AGAIN, headers=('"2"', None))), MADE, [Kind.UNEQUAL]),
        (repeated(FIRST, replace(AGAIN, status=200)), MADE, [Kind.UNEQUAL]),
        (repeated(FIRST, FIRST), MADE, [Kind.ANSWERED_ANEW]),
        (repeated(FIRST, OTHER), {"one": ["a", "b"]}, [Kind.UNEQUAL, Kind.OTHER_EFFECT]),
        (repeated(FIRST, AGAIN), {"one": ["a", "b"]}, [Kind.OTHER_EFFECT]),
        (repeated(FIRST, AGAIN), {"one": ["b"]}, [Kind.OTHER_EFFECT]),
        (repeated(FIRST, AGAIN), {}, [Kind.OTHER_EFFECT]),
    ],
)
def test_names_what_is_wrong_with_repeated_requests(
    requests: list[Repeated], made: dict[str, list[str]], kinds: list[Kind]
) -> None:
    assert [violation.kind for violation in check_repeated(requests, made)] == kinds
