"""What `q` finds: words in any order, without case and accents, as far as they are typed, with a mistake in them."""

import asyncio
from typing import Any

import pytest

from tests.builders.pages import read_pages
from tests.department import Actor, Department

LEADS: list[dict[str, Any]] = [
    {"name": "Zoë O'Brien-Åkerström", "company_name": "Straße & Søn", "email": "zoe@strasse.example"},
    {"name": "Ann Fielding", "company_name": "Meadows Ltd", "email": "ann.fielding@meadows.example"},
    {"name": "Ben Fielder", "company_name": "Ann's Bakery", "email": "ben+sales@bakery.example"},
    {"name": "Лев Толстой", "company_name": "株式会社 サンプル"},
    {"name": "Model 4500X", "company_name": "100% of_it\\now"},
]


async def _found(actor: Actor, text: str, **params: Any) -> list[str]:
    return [lead["name"].split()[0] for lead in await read_pages(actor, "/leads", q=text, **params)]


@pytest.fixture
async def rep(department: Department) -> Actor:
    rep = await department.representative()
    for lead in LEADS:
        await rep.post("/leads", lead)
    return rep


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("fielding ann", {"Ann"}),
        ("ANN FIELDING", {"Ann"}),
        ("ann meadows", {"Ann"}),
        ("ann.fielding@meadows.example", {"Ann"}),
        ("fiel", {"Ann", "Ben"}),
        ("ann fiel", {"Ann"}),  # not Ben, whose "Ann's" is another word
        ("fiel ann", set()),  # only the last word goes on
        ("zoe", {"Zoë"}),
        ("ZOË", {"Zoë"}),
        ("obrien", {"Zoë"}),
        ("o'brien akerstrom", {"Zoë"}),
        ("strasse son", {"Zoë"}),
        ("STRAẞE", {"Zoë"}),
        ("толстой лев", {"Лев"}),
        ("株式会社", {"Лев"}),
        ("サンプル", {"Лев"}),
        ("ben+sales", {"Ben"}),
        ("nobody", set()),
    ],
)
async def test_words_are_found_in_any_order_and_without_accents(rep: Actor, text: str, names: set[str]) -> None:
    assert set(await _found(rep, text)) == names


@pytest.mark.parametrize(
    "text",
    ["meadovs", "meadws", "meadowss", "meaadows", "maedows", "meadosw", "eadows", "meadow", "xmeadows", "meadovs ann"],
)
async def test_a_mistake_in_a_longer_word_is_forgiven(rep: Actor, text: str) -> None:
    assert await _found(rep, text) == ["Ann"]


@pytest.mark.parametrize("text", ["maedosw", "mdows", "anm", "4501x", "bem"])
async def test_more_mistakes_and_mistakes_in_short_words_and_numbers_are_not(rep: Actor, text: str) -> None:
    assert await _found(rep, text) == []


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%", "of_it", "it\\now", "'", "''; --", "100_"])
async def test_signs_are_no_wildcards(rep: Actor, text: str) -> None:
    names = await _found(rep, text)

    assert names == (["Model"] if any(letter.isalnum() for letter in text) else [])


@pytest.mark.parametrize(
    ("text", "holds_words"),
    [
        ("x" * 200, True),
        ("a " * 99 + "a", True),
        ("ﷺ" * 200, True),
        ("🙂" * 200, True),
        ("\u0301" * 200, False),
        ("\x01\x7f", False),
        ("%" * 200, False),
    ],
)
async def test_strange_text_finds_the_record_that_says_it(
    department: Department, text: str, *, holds_words: bool
) -> None:
    await department.operations.post("/leads", {"name": "Somebody else"})
    lead = await department.operations.post("/leads", {"name": text})

    page = await department.operations.get("/leads", q=text)

    assert [each["id"] for each in page["items"]] == ([lead["id"]] if holds_words else [])


async def test_what_was_just_written_is_found_and_what_was_just_overwritten_is_not(rep: Actor) -> None:
    lead = await rep.post("/leads", {"name": "Quincy Adams", "email": "quincy@adams.example"})
    found = await _found(rep, "quinzy")
    await rep.patch(f"/leads/{lead['id']}", {"name": "Jefferson Adams"})

    assert found == ["Quincy"]
    assert await _found(rep, "jeferson") == ["Jefferson"]
    assert await _found(rep, "quincy") == ["Jefferson"]  # by the e-mail, which has stayed
    await rep.patch(f"/leads/{lead['id']}", {"email": None})
    assert await _found(rep, "quincy") == []


async def test_the_best_matches_come_first(department: Department) -> None:
    rep = await department.representative()
    for name in ("Exact Marten", "Begun Martens", "Misspelt Narten"):
        await rep.post("/leads", {"name": name})

    assert await _found(rep, "marten") == ["Exact", "Begun", "Misspelt"]
    assert await _found(rep, "marten", sort="relevance") == ["Misspelt", "Begun", "Exact"]
    assert await _found(rep, "marten", sort="name") == ["Begun", "Exact", "Misspelt"]
    assert await _found(rep, "marten", limit=1) == ["Exact", "Begun", "Misspelt"]


async def test_nothing_is_found_beyond_the_reach(department: Department, other_department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    foreigner = await other_department.representative()
    await stranger.post("/leads", {"name": "Theirs Unlikely"})
    await foreigner.post("/leads", {"name": "Foreign Unlikely"})

    assert await _found(rep, "unlikely") == []
    assert await _found(rep, "unlikeli") == []
    assert await _found(department.operations, "unlikely") == ["Theirs"]
    assert await _found(other_department.operations, "unlikeli") == ["Foreign"]


async def test_a_search_is_narrowed_by_other_filters(rep: Actor) -> None:
    assert await _found(rep, "fiel", email="ann.fielding@meadows.example") == ["Ann"]
    assert await _found(rep, "fiel", source="web") == []


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/accounts", {"name": "Brøndby Værk", "website": "https://www.brondby.example"}, "vaerk brondb"),
        ("/contacts", {"name": "Ida Møller", "email": "ida@moller.example"}, "mollre"),
        ("/opportunities", {"name": "Renewal of the fences"}, "fences renewal"),
        ("/products", {"name": "GTX Plus Pro", "unit_price": "1.00", "currency": "USD"}, "pro gtx pl"),
        ("/teams", {"name": "Nordics"}, "nordic"),
        ("/users", {"name": "Søren K", "email": "soren.k@example.com", "position": "sales_manager"}, "soren.k@exam"),
    ],
)
async def test_every_list_with_q_finds_by_words(
    department: Department, path: str, body: dict[str, Any], text: str
) -> None:
    made = await department.operations.post(path, body)
    page = await department.operations.get(path, q=text)

    assert [each["id"] for each in page["items"]] == [made["id"]]


async def test_records_of_two_transactions_with_the_same_new_word_do_not_wait_for_each_other(
    department: Department,
) -> None:
    rep = await department.representative()
    names = [f"Neologism {number}" for number in range(20)]

    await asyncio.gather(*(rep.post("/leads", {"name": name}) for name in names))

    assert len(await _found(rep, "neologizm")) == 20


@pytest.mark.parametrize("sort", ["relevance", "-relevance"])
async def test_relevance_needs_words(department: Department, sort: str) -> None:
    problem = await department.operations.get("/leads", expect=422, sort=sort)

    assert [each["code"] for each in problem["errors"]] == ["unknown_sort"]
