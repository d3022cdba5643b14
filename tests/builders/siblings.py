"""The processes of one `stageline serve --workers`, told apart: each connection is taken by one of them."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.server_process import ServerProcess

_WORK = "multiprocessing.spawn"
_START_SECONDS = 120  # one that was started just now answers late on a busy machine


def siblings_of(server: ServerProcess) -> list[int]:
    """The ids of the processes that serve, the oldest first; its tracker of resources is none."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    return sorted(int(pid) for pid in children if _WORK in _command_of(pid))


def _command_of(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def is_running(pid: int) -> bool:
    """Whether there is such a process, and not only what is left of it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@asynccontextmanager
async def connected_to(server: ServerProcess, pid: int) -> AsyncIterator[httpx.AsyncClient]:
    """A client whose one connection is to that process: while it was made the others stood still."""
    only_one = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)
    async with httpx.AsyncClient(base_url=server.url, limits=only_one, timeout=_START_SECONDS) as client:
        with _standing_still([other for other in siblings_of(server) if other != pid]):
            (await client.get("/livez")).raise_for_status()
        yield client


@contextmanager
def _standing_still(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def all_left(pids: list[int]) -> None:
    """Wait until none of them is running any more."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any(is_running(pid) for pid in pids):  # noqa: ASYNC110 # other processes tell nobody
            await asyncio.sleep(0.05)


async def started_again(server: ServerProcess, before: list[int]) -> list[int]:
    """Wait until there are as many as before; gives them."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(now := [pid for pid in siblings_of(server) if is_running(pid)]) < len(before):  # noqa: ASYNC110 # as above
            await asyncio.sleep(0.05)
    return now
