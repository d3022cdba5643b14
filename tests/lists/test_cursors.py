"""What is no cursor of the list is refused, whoever made it up."""

import base64
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.core.cursors import Place, read_place
from app.core.problems import Invalid
from tests.department import Department

SORTS = ["created_at", "updated_at", "name", "amount", "close_on", "stage_entered_at"]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    "",
    "\0",
    "\ud800",
    "NaN",
    "Infinity",
    "1E+999999",
    "1e400",
    "2026-11-23",
    "2026-11-23T10:00:00",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "00000000-0000-0000-0000-00000000000g",
    [],
    {},
    [[[[]]]],
]


def _tampered(cursor: str, at: int, value: object) -> str:
    place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    place[at] = value
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


@pytest.mark.parametrize("sort", SORTS)
async def test_a_tampered_cursor_is_never_an_error_of_ours(department: Department, sort: str) -> None:
    for name in ("One", "Two"):
        await department.operations.post("/opportunities", {"name": name})
    first = await department.operations.get("/opportunities", sort=sort, limit=1)
    assert first["next_cursor"] is not None

    for at in range(4):
        for value in VALUES:
            cursor = _tampered(first["next_cursor"], at, value)
            answer = await department.operations.request("GET", "/opportunities", sort=sort, limit=1, cursor=cursor)
            assert answer.status_code in {200, 422}, (at, value)
            may_be_a_place = at == 2 and isinstance(value, str)  # of a row that is not there any more
            assert answer.status_code == 422 or may_be_a_place, (at, value)


async def test_a_long_name_in_any_script_does_not_end_the_pages(department: Department) -> None:
    for letter in ("🙂", "ﷺ", "\\", '"'):
        await department.operations.post("/opportunities", {"name": letter * 200})

    names: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        page = await department.operations.get("/opportunities", sort="name", limit=1, **cursor)
        names += [deal["name"][0] for deal in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}

    assert sorted(names) == sorted(["🙂", "ﷺ", "\\", '"'])


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(st.text(max_size=200), st.binary(max_size=200).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
)
def test_whatever_was_not_made_here_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        read_place(cursor, ["-created_at", []], {"created_at": str}, str)


@given(
    st.text(max_size=300).filter(lambda text: "\0" not in text and text.isprintable()), st.text("abc-019", max_size=40)
)
def test_a_place_is_read_as_it_was_written(value: str, record_id: str) -> None:
    place = Place("name", value, record_id)

    assert read_place(place.cursor("query"), "query", {"name": str}, str) == place
