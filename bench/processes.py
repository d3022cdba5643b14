"""Starting, killing and stopping programs of a working tree: the service as it is, or a broken variant of it."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

OWN_ROOT = Path(__file__).parents[1]
_PORTS = range(20_000, 32_000)  # below those that the kernel gives to whoever asks for any
START_SECONDS = 90.0
STOP_SECONDS = 40.0
_STAGELINE = ("-m", "app")


class DidNotStart(RuntimeError):
    """A program ended or stayed silent; the message is what it said last."""


def free_port(neighbours: int = 0) -> int:
    """A port that nobody listens at, nor at so many after it."""
    while True:
        port = random.choice(_PORTS)
        with ExitStack() as probes:
            try:
                for each in range(port, port + neighbours + 1):
                    probes.enter_context(socket.create_server(("127.0.0.1", each)))
            except OSError:
                continue
            return port


@dataclass(frozen=True, slots=True)
class Tree:
    """A working tree whose `app` is run; programs of the harness come from it too, where it has them."""

    root: Path = OWN_ROOT

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The environment of its programs: nothing of the service's own settings is inherited."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("STAGELINE_", "PG")) and name not in {"DATABASE_URL", "PYTHONDONTWRITEBYTECODE"}
        }
        path = os.pathsep.join((str(self.root), str(OWN_ROOT)))
        return inherited | {"PYTHONPATH": path} | dict(settings)


@dataclass(slots=True)
class Program:
    """One program of a tree, which may be killed and started again; `output` collects what it says."""

    tree: Tree
    arguments: Sequence[str]
    output: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    _said_before: int = 0

    @property
    def pid(self) -> int:
        """The running process; raises `LookupError` when there is none."""
        if self.process is None:
            raise LookupError("this program does not run")
        return self.process.pid

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it; `said` tells what it says from now on."""
        self._said_before = self.output.stat().st_size if self.output.exists() else 0
        self.started_at = time.monotonic()
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=self.tree.root,
                env=self.tree.environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it as kill -9 does: nothing of it runs any more."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    async def stop(self) -> None:
        """End it in good order; after some time as `kill` does."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        await self.ended(STOP_SECONDS)
        self.kill()

    async def ended(self, seconds: float) -> int | None:
        """Its exit code, once it has one; nothing when it takes longer."""
        deadline = time.monotonic() + seconds
        while self.is_running and time.monotonic() < deadline:
            await asyncio.sleep(0.02)
        return self.process.poll() if self.process else None

    def said(self) -> str:
        """What it has said since its last start."""
        with self.output.open("rb") as log:
            log.seek(self._said_before)
            return log.read().decode(errors="replace")

    async def until_said(self, words: str) -> str:
        """Wait for words in its output, and give all of it; raises `DidNotStart`."""
        deadline = time.monotonic() + START_SECONDS
        while words not in (said := self.said()):
            if not self.is_running or time.monotonic() > deadline:
                raise DidNotStart(f"{' '.join(self.arguments)}: {said[-2000:]}")
            await asyncio.sleep(0.02)
        return said


def stageline(*arguments: str) -> tuple[str, ...]:
    """Arguments of the service's own command."""
    return (*_STAGELINE, *arguments)


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """Arguments of a program of the harness, named as a module below `bench`."""
    return ("-m", f"bench.{name}", *arguments)


async def output_of(program: Program) -> str:
    """Run a program to its end, and give what it said; raises `DidNotStart` when it fails."""
    program.start()
    code = await program.ended(START_SECONDS * 10)
    program.kill()
    if code != 0:
        raise DidNotStart(program.said()[-4000:])
    return program.said()
