from io import StringIO
from pathlib import Path

from rich.console import Console

from app.imports.command import ExitCode, ImportOptions, import_folder
from tests.builders.imports import DEALS, write_folder
from tests.department import Department

_MAPPING = """
name = "accounts only"
[[accounts]]
file = "accounts.csv"
columns = { external_id = "account", name = "account", parent = "parent" }
"""


async def test_prints_what_was_imported(department: Department, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(_MAPPING)
    screen = Console(file=StringIO(), width=100)
    options = ImportOptions(write_folder(tmp_path), tmp_path / "m.toml")

    code = await import_folder(department.database, department.organization_id, options, screen)

    printed = screen.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above
    assert code is ExitCode.DONE
    assert "accounts from accounts.csv" in printed
    assert "Imported." in printed


async def test_prints_and_writes_every_refused_row(department: Department, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(_MAPPING)
    screen = Console(file=StringIO(), width=100)
    folder = write_folder(tmp_path, accounts="account,parent\nOne,[bold]Nobody\n")
    options = ImportOptions(folder, tmp_path / "m.toml", report=tmp_path / "refused.csv")

    code = await import_folder(department.database, department.organization_id, options, screen)

    printed = screen.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above
    reason = "parent '[bold]Nobody' is unknown, was refused, or has this one above itself"
    assert code is ExitCode.ROWS_REFUSED
    assert f"accounts.csv:2: {reason}" in printed
    assert "Nothing was written." in printed
    assert (tmp_path / "refused.csv").read_text() == f'file,line,reason\naccounts.csv,2,"{reason}"\n'


async def test_prints_every_mistake_in_the_mapping(department: Department, tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(_MAPPING + 'colour = "red"\n')
    screen = Console(file=StringIO(), width=100)
    options = ImportOptions(write_folder(tmp_path, deals=DEALS), tmp_path / "m.toml")

    code = await import_folder(department.database, department.organization_id, options, screen)

    printed = screen.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above
    assert code is ExitCode.NOT_RUN
    assert "accounts[0].colour: Extra inputs are not permitted" in printed


async def test_a_report_that_cannot_be_written_stops_the_import_before_it_writes(
    department: Department, tmp_path: Path
) -> None:
    (tmp_path / "m.toml").write_text(_MAPPING)
    screen = Console(file=StringIO(), width=200)
    options = ImportOptions(write_folder(tmp_path), tmp_path / "m.toml", report=tmp_path / "missing" / "refused.csv")

    code = await import_folder(department.database, department.organization_id, options, screen)

    assert code is ExitCode.NOT_RUN
    assert "There is no folder" in screen.file.getvalue()  # type: ignore[attr-defined] # it is the StringIO above
    assert (await department.operations.get("/accounts"))["items"] == []
