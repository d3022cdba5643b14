from pathlib import Path

import asyncpg
import pytest

from app.imports.report import Outcome
from tests.builders.imports import (
    ACCOUNTS,
    DEALS,
    DEALS_HEADER,
    PEOPLE,
    count_rows,
    deals,
    import_small,
    mapping,
    write_folder,
)
from tests.department import Department

_GOOD = "d7,Anna Lee,GTX,Acme,Engaging,2017-01-05,,"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("d3,Anna Lee,GTX", "has 3 columns; the header has 8"),
        (_GOOD + ",more", "has 9 columns; the header has 8"),
        (",Anna Lee,GTX,Acme,Engaging,2017-01-05,,", "external_id (column 'id') is missing"),
        ("d1,Anna Lee,GTX,Acme,Engaging,2017-01-05,,", "external_id 'd1' is on line 2 of deals.csv already"),
        ("d3,Anna Lee,GTX Pro,Acme,Engaging,2017-01-05,,", "product 'GTX Pro' is unknown or was refused"),
        ("d3,Nobody,GTX,Acme,Engaging,2017-01-05,,", "owner 'Nobody' is unknown or was refused"),
        ("d3,Anna Lee,GTX,Nowhere,Engaging,2017-01-05,,", "account 'Nowhere' is unknown or was refused"),
        (
            "d3,Anna Lee,GTX,Acme,Engaging,05.01.2017,,",
            "opened_on (column 'engaged') is '05.01.2017', which is not a date written as %Y-%m-%d",
        ),
        (
            "d3,Anna Lee,GTX,Acme,Engaging,2017-02-30,,",
            "opened_on (column 'engaged') is '2017-02-30', which is not a date written as %Y-%m-%d",
        ),
        (
            "d3,Anna Lee,GTX,Acme,Engaging,2017-01-05,,1e3",
            "amount (column 'value') is '1e3', which is not an amount such as 1234.50",
        ),
        ("d3,Anna Lee,GTX,Acme,Engaging,2017-01-05,,0.005", "amount (column 'value') has more than two decimals"),
        (
            "d3,Anna Lee,GTX,Acme,Engaging,2017-01-05,,99999999999999999",
            "amount (column 'value') is '99999999999999999', which is not an amount such as 1234.50",
        ),
        (
            "d3,Anna Lee,GTX,Acme,Engaging,2017-01-05,,-1",
            "amount (column 'value') is '-1', which is not an amount such as 1234.50",
        ),
        (
            "d3,Anna Lee,GTX,Acme,Dreaming,2017-01-05,,",
            "outcome (column 'stage') is 'Dreaming', which is none of: open, won, lost",
        ),
        ("d3,Anna Lee,GTX,Acme,Won,2017-01-05,,10", "closed_on is missing for a deal that is won"),
        (
            "d3,Anna Lee,GTX,Acme,Won,2017-01-05,2017-01-04,10",
            "the dates run backwards: 2017-01-04 comes after 2017-01-05",
        ),
        ("d3,Anna Lee,GTX,Acme,Won,2017-01-05,2999-01-04,10", "2999-01-04 lies in the future"),
        (
            'd3,Anna Lee,"GTX"x,Acme,Engaging,2017-01-05,,',
            "a quote is broken, or a cell is too long (',' expected after '\"')",
        ),
        ("d3,Anna Lee,GTX\0,Acme,Engaging,2017-01-05,,", "the line has a NUL character"),
        (f"{'d' * 201},Anna Lee,GTX,Acme,Engaging,2017-01-05,,", "external_id has 201 characters; 200 are the most"),
    ],
)
async def test_a_refused_row_is_named_and_nothing_is_written(
    department: Department, owner: asyncpg.Connection, tmp_path: Path, line: str, reason: str
) -> None:
    before = await count_rows(owner, department)
    folder = write_folder(tmp_path, deals=f"{DEALS}{line}\n{_GOOD}\n")

    report = await import_small(department, folder)

    assert report.outcome is Outcome.REFUSED
    assert [(each.file, each.line) for each in report.refusals] == [("deals.csv", 4)]
    assert report.refusals[0].reason.replace(" (column 'id')", "") == reason.replace(" (column 'id')", "")
    assert await count_rows(owner, department) == before


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        ("deals", b"", 1, "has no header"),
        ("deals", b"\n", 1, "has no header"),
        ("deals", DEALS_HEADER.replace("closed", "id").encode(), 1, "names a column twice: id"),
        (
            "accounts",
            b"account\nAcme\n",
            1,
            "has no column named parent; it has account",
        ),
        (
            "deals",
            DEALS.encode("utf-16"),
            1,
            "begins with the mark of utf-16, but the mapping declares utf-8-sig",
        ),
        (
            "deals",
            deals('d3,"Anna Lee,GTX,Acme,Engaging,2017-01-05,,', _GOOD, _GOOD).encode(),
            2,
            "a quote is broken: the row runs on to line 4 (unexpected end of data)",
        ),
    ],
)
async def test_a_broken_file_stops_everything_even_when_bad_rows_are_skipped(  # noqa: PLR0913, PLR0917 # the cases
    department: Department,
    owner: asyncpg.Connection,
    tmp_path: Path,
    name: str,
    content: bytes,
    line: int,
    reason: str,
) -> None:
    before = await count_rows(owner, department)
    folder = write_folder(tmp_path, **{name: content})

    report = await import_small(department, folder, skip_bad_rows=True)

    assert report.outcome is Outcome.REFUSED
    assert report.refusals == [(f"{name}.csv", line, reason)]
    assert await count_rows(owner, department) == before


async def test_names_every_missing_file_at_once(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    (folder / "people.csv").unlink()
    (folder / "deals.csv").unlink()

    report = await import_small(department, folder)

    assert report.refusals == [
        ("people.csv", 0, "cannot be read: No such file or directory"),
        ("deals.csv", 0, "cannot be read: No such file or directory"),
    ]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "cp1252", "utf-16", "utf-16-le"])
async def test_reads_the_encoding_that_the_mapping_declares(
    department: Department, tmp_path: Path, encoding: str
) -> None:
    given = mapping()
    for section in (*given["teams"], *given["users"]):
        section["encoding"] = encoding
    folder = write_folder(tmp_path, people=PEOPLE.encode(encoding))

    report = await import_small(department, folder, given=given)

    assert report.refusals == []
    assert report.counts["users"].created == 2


async def test_a_mark_at_the_start_is_no_part_of_the_first_column(department: Department, tmp_path: Path) -> None:
    report = await import_small(department, write_folder(tmp_path, deals=DEALS.encode("utf-8-sig")))

    assert report.refusals == []


async def test_names_the_line_whose_bytes_are_of_another_encoding(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, accounts=(ACCOUNTS + "Café,\n").encode("cp1252"))

    report = await import_small(department, folder)

    assert report.refusals == [("accounts.csv", 4, "the line has bytes that are not utf-8-sig")]


async def test_a_file_that_stops_being_its_encoding_is_broken(department: Department, tmp_path: Path) -> None:
    given = mapping(encoding="utf-16")
    folder = write_folder(tmp_path, deals=DEALS.encode("utf-16") + b"\x00\xd8")

    report = await import_small(department, folder, given=given, skip_bad_rows=True)

    assert report.outcome is Outcome.REFUSED
    assert "cannot be read as utf-16" in report.refusals[-1].reason


async def test_lines_are_counted_right_below_cells_with_line_breaks(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, accounts='account,parent\r\n"Two\r\nlines",\r\nAcme,\r\nBluth,Nobody\r\n')

    report = await import_small(department, folder)

    reason = "parent 'Nobody' is unknown, was refused, or has this one above itself"
    assert report.refusals == [("accounts.csv", 5, reason)]


async def test_a_cell_of_ten_megabytes_is_a_refused_row(department: Department, tmp_path: Path) -> None:
    huge = f"{'x' * 10_000_000},Anna Lee,GTX,Acme,Engaging,2017-01-05,,"
    folder = write_folder(tmp_path, deals=f"{DEALS}{huge}\n{_GOOD}\n")

    report = await import_small(department, folder, skip_bad_rows=True)

    assert report.refusals == [("deals.csv", 4, "the line has more than 1,000,000 characters")]
    assert report.counts["opportunities"].created == 3


async def test_a_huge_quoted_cell_over_many_lines_is_a_broken_file(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, deals=DEALS + 'd3,"' + "Anna Lee\n" * 100_000)

    report = await import_small(department, folder, skip_bad_rows=True)

    assert report.outcome is Outcome.REFUSED
    assert report.refusals[0].line == 4
    assert "field larger than field limit" in report.refusals[0].reason


async def test_accounts_above_themselves_are_refused(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, accounts=ACCOUNTS + "One,Two\nTwo,One\nThree,Three\nBelow,One\n")

    report = await import_small(department, folder, skip_bad_rows=True)

    assert [each.line for each in sorted(report.refusals)] == [4, 5, 6, 7]
    assert report.counts["accounts"].created == 2


async def test_two_people_with_one_address_are_refused(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, people=PEOPLE + "ANNA LEE,Zoë Ray,Central\n")

    report = await import_small(department, folder)

    assert report.refusals == [("people.csv", 3, "email 'anna.lee@sales.example' belongs to another user")]


async def test_one_person_under_two_managers_is_refused(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, people=PEOPLE + "Anna Lee,Max Roe,Central\n")

    report = await import_small(department, folder)

    assert report.refusals == [("people.csv", 3, "external_id 'Anna Lee' is on line 2 of people.csv already")]


async def test_a_product_whose_name_is_taken_is_refused(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await owner.execute(
        "INSERT INTO products (organization_id, id, name, unit_price, currency) "
        "VALUES ($1, gen_random_uuid(), 'GTX', 1, 'USD')",
        department.organization_id,
    )

    report = await import_small(department, write_folder(tmp_path))

    assert ("products.csv", 2, "name 'GTX' belongs to another product") in report.refusals


async def test_an_empty_folder_of_rows_is_no_error(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, deals=f"\ufeff{DEALS_HEADER}\n\n")

    report = await import_small(department, folder)

    assert report.refusals == []
    assert (report.outcome, report.counts["opportunities"].created) == (Outcome.WRITTEN, 0)


async def test_reads_other_delimiters_dates_and_decimals(department: Department, tmp_path: Path) -> None:
    given = mapping(delimiter=";", date_format="%d.%m.%Y", decimal_separator=",")
    line = "d1;Anna Lee;GTX;Acme;Won;20.10.2016;01.03.2017;1054,5\n"
    folder = write_folder(tmp_path, deals=DEALS_HEADER.replace(",", ";") + line)

    report = await import_small(department, folder, given=given)

    assert report.refusals == []
    deal = (await department.operations.get("/opportunities"))["items"][0]
    assert (deal["amount"], deal["close_on"]) == ("1054.50", "2017-03-01")
