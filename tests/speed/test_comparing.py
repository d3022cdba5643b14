from bench.speed.comparing import differing, without_volatile
from bench.speed.jobs import SLOTS, SPARE_SLOT, moving_of


def test_names_the_place_where_answers_differ() -> None:
    service = {"status": 200, "body": {"items": [{"name": "Copper gates", "version": 2}, {"name": "Roofs"}]}}
    floor = {"status": 200, "body": {"items": [{"name": "Copper gates", "version": 3}]}}

    assert list(differing("list", service, floor)) == [
        "list.body.items[0].version: service 2, floor 3",
        "list.body.items[1]: service {'name': 'Roofs'}, floor 'nothing'",
    ]


def test_looks_past_what_two_cannot_have_in_common() -> None:
    assert without_volatile({"items": [{"id": "1", "stage": "closing"}], "next_cursor": "x"}) == {
        "items": [{"stage": "closing"}]
    }


def test_no_deal_is_moved_by_two_slots_or_compared_and_moved() -> None:
    deals = [str(number) for number in range(500)]

    moved = [
        deal
        for slot in (*range(SLOTS), SPARE_SLOT)
        for keyed in (False, True)
        for deal in moving_of(deals, slot, keyed=keyed)
    ]

    assert sorted(moved) == sorted(deals)
