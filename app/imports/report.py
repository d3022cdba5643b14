"""What an import did, and every row that it refused."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple
from uuid import UUID


class Refusal(NamedTuple):
    """A row (by the line it starts on) that was not imported, and why; line 0 is the file as a whole."""

    file: str
    line: int
    reason: str


class BrokenFile(Exception):
    """From here on nobody can tell where rows begin and end, so nothing is imported, not even the good rows."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        super().__init__(f"{len(refusals)} files are broken")
        self.refusals = refusals


class Outcome(StrEnum):
    """How an import ended."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    DRY_RUN = "dry_run"
    REFUSED = "refused"


@dataclass(slots=True)
class RowCounts:
    """Rows of one entity; of an import that was not written, what would have been."""

    created: int = 0
    unchanged: int = 0
    refused: int = 0


@dataclass(slots=True)
class ImportReport:
    """The whole run; `import_id` names its record when something was written."""

    mapping: str
    source: str
    outcome: Outcome = Outcome.REFUSED
    import_id: UUID | None = None
    counts: dict[str, RowCounts] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, entity: str, refusal: Refusal) -> None:
        """Note a refused row."""
        self.refusals.append(refusal)
        self.counts[entity].refused += 1

    @property
    def created(self) -> int:
        """Records of all entities that are new."""
        return sum(counts.created for counts in self.counts.values())

    def write(self, path: Path) -> None:
        """Write the refused rows as CSV: file, line, reason."""
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(Refusal._fields)
            writer.writerows(sorted(self.refusals))
