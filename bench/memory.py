"""How much memory a process has resident."""

import asyncio
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_LOOK_SECONDS = 0.1


def resident_mib(pid: int) -> float:
    """Resident memory in MiB."""
    status = Path(f"/proc/{pid}/status")
    if not status.exists():  # macOS
        answer = subprocess.run(["/bin/ps", "-o", "rss=", "-p", str(pid)], stdout=subprocess.PIPE, check=True)
        return int(answer.stdout) / 1024
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


@dataclass(slots=True)
class Peak:
    """The most that a process had while it was watched."""

    pid: int
    mib: float = 0.0

    async def watch(self, stop: asyncio.Event) -> None:
        """Look again and again until told to stop."""
        while not stop.is_set():
            self.mib = max(self.mib, resident_mib(self.pid))
            with suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await stop.wait()
