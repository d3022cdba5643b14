"""Files are read once and streamed by COPY into temporary tables, which vanish with the transaction."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from app.core.database import Transaction, new_id
from app.imports.completion import Complete, completion_of
from app.imports.entities import ENTITIES
from app.imports.history import DealRules
from app.imports.mapping import Mapping, MappingInvalid, Source
from app.imports.reader import CsvFile
from app.imports.report import BrokenFile, ImportReport, Refusal
from app.imports.rows import BadRow, MissingColumns, RowPlan, Values

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call] # SQLAlchemy leaves it untyped
_PLACE = ("seq", "file", "line", "id")
_ROWS_PER_REPORT = 1_000

# who wants to see an import advance is called with each of these
Watch = Callable[["Progress"], None]


class Progress(NamedTuple):
    """How far a file has been read, in bytes."""

    file: str
    entity: str
    done: int
    total: int


@dataclass(slots=True)
class OpenSource:
    """A source with its file open and its columns found."""

    source: Source
    file: CsvFile
    plan: RowPlan
    constants: Values
    seen: set[tuple[Any, ...]] = field(default_factory=set)


def open_sources(folder: Path, mapping: Mapping, files: ExitStack) -> list[OpenSource]:
    """Open every file before anything is written.

    Raises `BrokenFile` with all that are missing, are no CSV or lack a column, and `MappingInvalid` for bad constants.
    """
    opened: list[OpenSource] = []
    refusals: list[Refusal] = []
    for source in mapping.sources():
        try:
            file = files.enter_context(CsvFile(folder, source))
            plan = RowPlan(source, file.header)
            opened.append(OpenSource(source, file, plan, plan.constants()))
        except BrokenFile as error:
            refusals += error.refusals
        except MissingColumns as error:
            reason = f"has no column named {error}; it has {', '.join(file.header)}"
            refusals.append(Refusal(file.name, 1, reason))
        except BadRow as error:
            raise MappingInvalid([f"{source.entity.name} from {source.file}: constants: {error}"]) from None
    if refusals:
        raise BrokenFile(list(dict.fromkeys(refusals)))
    return opened


async def create_tables(tx: Transaction) -> None:
    """Make an empty staging table for each entity."""
    for entity in ENTITIES:
        await tx.connection.execute(str(CreateTable(entity.staged).compile(dialect=_DIALECT)))


async def stage(
    tx: Transaction, opened: list[OpenSource], rules: DealRules, report: ImportReport, watch: Watch
) -> None:
    """Copy every acceptable row into its staging table; raises `BrokenFile`."""
    numbers = count(1)
    for each in opened:
        entity = each.source.entity
        reading = _Reading(each, completion_of(each.source, rules), report, watch)
        columns = [column.name for column in entity.staged.c]
        names = [name for name in columns if name not in _PLACE]
        await tx.connection.copy_records_to_table(
            entity.staged.name, columns=columns, records=reading.rows(numbers, names)
        )
    for entity in ENTITIES:
        await tx.connection.execute(f"ANALYZE {entity.staged.name}")


@dataclass(slots=True)
class _Reading:
    """One source while it is read."""

    opened: OpenSource
    complete: Complete
    report: ImportReport
    watch: Watch

    def rows(self, numbers: Iterator[int], names: list[str]) -> Iterator[tuple[Any, ...]]:
        file, plan, constants = self.opened.file, self.opened.plan, self.opened.constants
        for done, record in enumerate(file.records(), 1):
            if done % _ROWS_PER_REPORT == 0:
                self._tell(file.position)
            if isinstance(record, Refusal):
                self.report.refuse(self.opened.source.entity.name, record)
                continue
            try:
                values = plan.read(constants, record.cells)
                if self._is_repeated(values):
                    continue
                values = self.complete(values)
            except BadRow as error:
                self.report.refuse(self.opened.source.entity.name, Refusal(file.name, record.line, str(error)))
                continue
            yield next(numbers), file.name, record.line, new_id(), *[values[name] for name in names]
        self._tell(file.size)

    def _is_repeated(self, values: Values) -> bool:
        if not self.opened.source.distinct:
            return False
        key = tuple(values.values())
        if key in self.opened.seen:
            return True
        self.opened.seen.add(key)
        return False

    def _tell(self, done: int) -> None:
        self.watch(Progress(self.opened.file.name, self.opened.source.entity.name, done, self.opened.file.size))
