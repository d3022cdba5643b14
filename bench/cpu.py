"""How much processor time processes have used, from /proc."""

import os
from collections.abc import Iterable
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PARENT, _FIRST_TIME, _LAST_TIME = 1, 11, 15  # fields of /proc/<pid>/stat after the name; times include ended children


def cpu_seconds(pids: Iterable[int]) -> float:
    """Seconds of processor time of these processes, and of their children that ended; of one that is gone, none."""
    return sum(sum(map(int, _fields(pid)[_FIRST_TIME:_LAST_TIME])) for pid in pids) / _TICKS_PER_SECOND


def family(pid: int) -> list[int]:
    """A process and its children."""
    running = [int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return [pid, *(other for other in running if _parent(other) == pid)]


def _parent(pid: int) -> int | None:
    fields = _fields(pid)
    return int(fields[_PARENT]) if fields else None


def _fields(pid: int) -> list[str]:
    """Of a process that has ended meanwhile: none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
