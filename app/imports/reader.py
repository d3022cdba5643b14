"""CSV files become records: each with the line it starts on, or the reason why it is none."""

import csv
from collections.abc import Iterator
from contextlib import ExitStack
from io import TextIOWrapper
from pathlib import Path
from typing import NamedTuple, Self

from app.imports.lines import Lines, other_encoding
from app.imports.mapping import Source
from app.imports.report import BrokenFile, Refusal


class Record(NamedTuple):
    """One row's cells, by the line it starts on."""

    line: int
    cells: list[str]


class CsvFile:
    """One file of an import, opened; use it as a context. Raises `BrokenFile` when it is no CSV file as declared."""

    def __init__(self, folder: Path, source: Source) -> None:
        self.name = source.file
        self._source = source
        self._path = folder / source.file
        self._open = ExitStack()
        self.header: list[str] = []

    def __enter__(self) -> Self:
        try:
            self._raw = self._open.enter_context(self._path.open("rb"))
            self.size = self._path.stat().st_size
        except OSError as error:
            raise self._broken(0, f"cannot be read: {error.strerror}") from None
        with ExitStack() as on_error:
            on_error.push(self._open)
            self._start()
            on_error.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @property
    def position(self) -> int:
        """About how many bytes have been read."""
        return self._raw.tell()

    def records(self) -> Iterator[Record | Refusal]:
        """Every row below the header; raises `BrokenFile` when a broken quote swallows several lines."""
        while True:
            record = self._next()
            if record is None:
                return
            if isinstance(record, Record) and not record.cells:
                continue  # a blank line
            if isinstance(record, Record) and len(record.cells) != len(self.header):
                reason = f"has {len(record.cells)} columns; the header has {len(self.header)}"
                yield Refusal(self.name, record.line, reason)
            else:
                yield record

    def _start(self) -> None:
        source = self._source
        if other := other_encoding(self._raw, source.encoding):
            raise self._broken(1, f"begins with the mark of {other}, but the mapping declares {source.encoding}")
        text = TextIOWrapper(self._raw, encoding=source.encoding, errors="surrogateescape", newline="")
        self._open.callback(text.close)
        self._lines = Lines(text, self.name, source.encoding)
        self._rows = csv.reader(self._lines, delimiter=source.delimiter, strict=True)
        header = self._next()
        if header is None or (isinstance(header, Record) and not header.cells):
            raise self._broken(1, "has no header")
        if isinstance(header, Refusal):
            raise BrokenFile([header])
        self.header = [cell.strip() for cell in header.cells]
        if twice := sorted({name for name in self.header if self.header.count(name) > 1}):
            raise self._broken(1, f"names a column twice: {', '.join(twice)}")

    def _next(self) -> Record | Refusal | None:
        first = self._lines.number + 1
        try:
            cells = next(self._rows, None)
        except csv.Error as error:
            if self._lines.number > first:
                reason = f"a quote is broken: the row runs on to line {self._lines.number} ({error})"
                raise self._broken(first, reason) from None
            return Refusal(self.name, first, f"a quote is broken, or a cell is too long ({error})")
        if cells is None:
            return None
        if self._lines.marked:
            for number in range(first, self._lines.number + 1):
                if reason := self._lines.marked.pop(number, ""):
                    return Refusal(self.name, first, reason)
        return Record(first, cells)

    def _broken(self, line: int, reason: str) -> BrokenFile:
        return BrokenFile([Refusal(self.name, line, reason)])
