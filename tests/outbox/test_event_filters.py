"""What an event filter lets through, by SQL in the feed and in memory in the stream."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from app.core.database import new_id
from app.outbox.catalogue import EventType
from app.outbox.event import Routing
from app.outbox.feed import Bounds, read_page
from app.outbox.filters import EventFilter
from app.outbox.place import BEGINNING, Place
from app.outbox.record import record, start
from tests.builders.event_schemas import an_event
from tests.builders.feed import events_of
from tests.department import Department

A, B, C = (UUID(int=number) for number in (1, 2, 3))
EVENTS = {
    "lead": replace(an_event(EventType.LEAD_CREATED), routing=Routing(step="prospecting", team_id=A, owner_id=A)),
    "deal of a": replace(an_event(EventType.OPPORTUNITY_WON), routing=Routing(A, "closing", A, A)),
    "deal of b": replace(an_event(EventType.OPPORTUNITY_UPDATED), routing=Routing(B, "closing", A, B)),
    "deal of c": replace(an_event(EventType.OPPORTUNITY_CREATED), routing=Routing(B, "presentation", C, C)),
    "account": an_event(EventType.ACCOUNT_CREATED),
}
CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, set(EVENTS)),
    ({"type": ["*"]}, set(EVENTS)),
    ({"type": ["opportunity.*", "*"]}, set(EVENTS)),
    ({"type": ["opportunity.*"]}, {"deal of a", "deal of b", "deal of c"}),
    ({"type": ["opportunity.won", "lead.*"]}, {"deal of a", "lead"}),
    ({"pipeline_id": [A]}, {"deal of a"}),
    ({"pipeline_id": [A, B]}, {"deal of a", "deal of b", "deal of c"}),
    ({"step": ["closing", "prospecting"]}, {"lead", "deal of a", "deal of b"}),
    ({"team_id": [C]}, {"deal of c"}),
    ({"owner_id": [A, B]}, {"lead", "deal of a", "deal of b"}),
    ({"owner_id": [A], "type": ["opportunity.*"]}, {"deal of a"}),
    ({"owner_id": [C], "team_id": [A]}, set()),
]


async def publish_all(department: Department) -> dict[str, str]:
    names = {}
    for name, event in EVENTS.items():
        async with department.database.begin(department.system) as tx:
            _, event_id = await record(tx, await start(tx, event.type.partition(".")[0], new_id()), event)
        names[str(event_id)] = name
    await events_of(department.operations, len(EVENTS))
    return names


@pytest.mark.parametrize(("given", "wanted"), CASES)
async def test_the_feed_and_the_stream_want_the_same_events(
    department: Department, given: dict[str, Any], wanted: set[str]
) -> None:
    names = await publish_all(department)

    parameters: dict[str, Any] = {name: list(map(str, values)) for name, values in given.items()}
    page = await department.operations.get("/events", **parameters)
    async with department.database.begin(department.system) as tx:
        everything = await read_page(tx, BEGINNING, EventFilter(), Bounds(100, 1_000_000))

    assert {names[event["id"]] for event in page["items"]} == wanted
    event_filter = EventFilter(**given)
    assert {names[str(row["id"])] for row in everything.rows if event_filter.wants(row)} == wanted


async def test_a_subjects_events_are_wanted_by_both(department: Department) -> None:
    names = await publish_all(department)
    async with department.database.begin(department.system) as tx:
        everything = await read_page(tx, BEGINNING, EventFilter(), Bounds(100, 1_000_000))
        one = EventFilter(subject_id=everything.rows[1]["subject_id"])
        found = await read_page(tx, BEGINNING, one, Bounds(100, 1_000_000))

    assert [names[str(row["id"])] for row in found.rows] == ["deal of a"]
    assert [names[str(row["id"])] for row in everything.rows if one.wants(row)] == ["deal of a"]


async def test_a_page_ends_at_its_bytes_and_the_next_goes_on_there(department: Department) -> None:
    names = await publish_all(department)
    read, place = list[str](), BEGINNING
    for _ in EVENTS:
        async with department.database.begin(department.system) as tx:
            page = await read_page(tx, place, EventFilter(), Bounds(100, 1))

        assert len(page.rows) == 1
        assert page.has_more is (len(read) < len(EVENTS) - 1)
        read, place = [*read, names[str(page.rows[0]["id"])]], page.place

    assert read == list(EVENTS)
    assert place == Place.of_row(page.rows[0])


@pytest.mark.parametrize("name", ["type", "subject_id"])
async def test_a_filter_that_hardly_lets_anything_through_reads_the_log_piece_by_piece(
    department: Department, name: str
) -> None:
    await publish_all(department)
    async with department.database.begin(department.system) as tx:
        last = (await read_page(tx, BEGINNING, EventFilter(), Bounds(100, 1_000_000))).rows[-1]
    only_last = {"type": [last["type"]], "subject_id": last["subject_id"]}
    wanted = EventFilter.model_validate({name: only_last[name]})
    sizes, place, has_more = list[int](), BEGINNING, True
    while has_more:
        async with department.database.begin(department.system) as tx:
            page = await read_page(tx, place, wanted, Bounds(100, 1_000_000, 2))
        sizes, place, has_more = [*sizes, len(page.rows)], page.place, page.has_more

    assert sizes == [0, 0, 1]
