"""What `stageline import` does once it has a database: run, show the progress, tell what happened."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.core.caller import Caller
from app.core.database import Database
from app.imports.mapping import MappingInvalid, load_mapping
from app.imports.report import ImportReport, Outcome
from app.imports.run import ImportInterrupted, ImportOrder, UnknownOrganization, run_import
from app.imports.staging import Progress as Read

_MOST_SHOWN = 20
_VERDICTS = {
    Outcome.WRITTEN: "Imported.",
    Outcome.UNCHANGED: "Everything was there already; nothing was written.",
    Outcome.DRY_RUN: "Dry run: nothing was written.",
    Outcome.REFUSED: "Nothing was written.",
}


class ExitCode(IntEnum):
    """How the command ends."""

    DONE = 0
    ROWS_REFUSED = 1
    NOT_RUN = 2


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What was asked on the command line."""

    folder: Path
    mapping: Path
    dry_run: bool = False
    skip_bad_rows: bool = False
    report: Path | None = None


async def import_folder(
    database: Database, organization_id: UUID, options: ImportOptions, console: Console | None = None
) -> ExitCode:
    """Import as the service itself, and print the outcome; `ROWS_REFUSED` when a row was, written or not."""
    console = console or Console(stderr=True)
    if options.report is not None and not options.report.parent.is_dir():
        console.print(f"There is no folder {options.report.parent} to write the report to.", style="red", markup=False)
        return ExitCode.NOT_RUN
    try:
        order = ImportOrder(
            options.folder, load_mapping(options.mapping), dry_run=options.dry_run, skip_bad_rows=options.skip_bad_rows
        )
        with _Bars(console) as bars:
            report = await run_import(database, Caller.system(organization_id), order, bars.show)
    except MappingInvalid as error:
        for each in error.errors:
            console.print(each, style="red", markup=False)
        return ExitCode.NOT_RUN
    except (UnknownOrganization, ImportInterrupted) as error:
        console.print(str(error), style="red", markup=False)
        return ExitCode.NOT_RUN
    if options.report is not None:
        report.write(options.report)
    _tell(console, report)
    return ExitCode.ROWS_REFUSED if report.refusals else ExitCode.DONE


class _Bars(Progress):
    """One bar for each file and entity."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
        super().__init__(*columns, console=console)
        self._ids: dict[tuple[str, str], TaskID] = {}

    def show(self, read: Read) -> None:
        """Advance the bar of a file."""
        key = (read.file, read.entity)
        if key not in self._ids:
            self._ids[key] = self.add_task(f"{read.entity} from {read.file}", total=read.total)
        self.update(self._ids[key], completed=read.done)


def _tell(console: Console, report: ImportReport) -> None:
    table = Table("", "created", "unchanged", "refused")
    for name, counts in report.counts.items():
        table.add_row(name, *(f"{count:,}" for count in (counts.created, counts.unchanged, counts.refused)))
    console.print(table)
    for refusal in sorted(report.refusals)[:_MOST_SHOWN]:
        console.print(f"{refusal.file}:{refusal.line}: {refusal.reason}", markup=False, soft_wrap=True)
    if len(report.refusals) > _MOST_SHOWN:
        console.print(f"… and {len(report.refusals) - _MOST_SHOWN:,} more; --report writes all of them.")
    console.print(_VERDICTS[report.outcome])
