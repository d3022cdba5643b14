"""The tables in docs/security say something of every requirement, and what they claim is shown."""

import re
from pathlib import Path

SECURITY = Path(__file__).parents[2] / "docs" / "security"
SHOWN = re.compile(r"`tests/[\w/]+\.py::\w+`|\]\(|below|no debug mode|a wheel holds")
ROW = re.compile(r"^\| (\d+)\.(\d+)\.(\d+)(?:–(\d+))? \| (met|not met|n/a|proxy|operator) \| (.+) \|$", re.MULTILINE)

# ASVS 5.0.0: the last requirement of level 1 or 2 in each section; those of level 3 come after it
LAST = {
    1: (2, 9, 11, 3, 2),
    2: (3, 3, 4, 1),
    3: (0, 2, 4, 6, 5, 0, 2),
    4: (3, 1, 2, 4),
    5: (1, 3, 2, 3),
    6: (3, 12, 4, 4, 5, 3, 0, 4),
    7: (3, 4, 2, 5, 2, 2),
    8: (2, 3, 1, 1),
    9: (3, 4),
    10: (2, 2, 4, 11, 5, 2, 3),
    11: (2, 3, 3, 4, 1, 1),
    12: (3, 2, 4),
    13: (1, 5, 2, 5),
    14: (2, 4, 3),
    15: (3, 3, 7),
    16: (1, 5, 4, 3, 3),
    17: (1, 4, 2),
}
WANTED = [
    (chapter, section, number)
    for chapter, sections in LAST.items()
    for section, last in enumerate(sections, 1)
    for number in range(1, last + 1)
]


def test_each_requirement_of_both_levels_has_one_row() -> None:
    rows = ROW.findall((SECURITY / "asvs.md").read_text(encoding="utf-8"))

    named = [
        (int(chapter), int(section), number)
        for chapter, section, first, last, _, _ in rows
        for number in range(int(first), int(last or first) + 1)
    ]

    assert len(WANTED) == 253
    assert named == WANTED


def test_whatever_is_met_is_shown_and_whatever_is_not_says_what_it_takes() -> None:
    rows = ROW.findall((SECURITY / "asvs.md").read_text(encoding="utf-8"))

    for *numbers, status, text in rows:
        if status == "met":
            assert SHOWN.search(text), numbers
        if status == "not met":
            assert re.search("would take|is missing|are missing", text), numbers


def test_each_of_the_ten_risks_names_what_shows_it() -> None:
    lines = (SECURITY / "api-top-10.md").read_text(encoding="utf-8").splitlines()

    rows = [line for line in lines if line.startswith("| API")]

    assert [row.split()[1] for row in rows] == [f"API{number}" for number in range(1, 11)]
    assert [row for row in rows if not re.search(r"`tests/[\w/]+\.py::\w+`", row)] == []
