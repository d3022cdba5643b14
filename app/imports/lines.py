"""A text file line by line: numbered, of bounded length, and with the lines that are not proper text marked."""

import codecs
import re
from collections.abc import Iterator
from typing import BinaryIO, TextIO

from app.imports.report import BrokenFile, Refusal

MOST_CHARACTERS = 1_000_000
_UNDECODABLE = re.compile("[\ud800-\udfff]")  # what surrogateescape makes of bytes that are not of the encoding
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class Lines(Iterator[str]):
    """Lines as the CSV reader wants them, ends included; `marked` has the reasons against some, by number."""

    def __init__(self, file: TextIO, name: str, encoding: str) -> None:
        self._file = file
        self._name = name
        self._encoding = encoding
        self.number = 0
        self.marked: dict[int, str] = {}

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) > MOST_CHARACTERS:
            self._skip_rest(line)
            self.marked[self.number] = f"the line has more than {MOST_CHARACTERS:,} characters"
            return "\n"
        if not line.isascii() and _UNDECODABLE.search(line):
            self.marked[self.number] = f"the line has bytes that are not {self._encoding}"
        if "\0" in line:
            self.marked[self.number] = "the line has a NUL character"
        return line

    def _read(self) -> str:
        try:
            return self._file.readline(MOST_CHARACTERS + 1)
        except UnicodeError:
            reason = f"cannot be read as {self._encoding} from about here on"
            raise BrokenFile([Refusal(self._name, self.number + 1, reason)]) from None

    def _skip_rest(self, line: str) -> None:
        while line and not line.endswith(("\n", "\r")):
            line = self._read()


def other_encoding(file: BinaryIO, declared: str) -> str | None:
    """The encoding that a byte order mark at the start of the file names, when it is not the declared one."""
    start = file.read(4)
    file.seek(0)
    marked = next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)
    if marked is None or codecs.lookup(declared).name.startswith(marked.removesuffix("-sig")):
        return None
    return marked
