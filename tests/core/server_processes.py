"""Watching, sharing and killing real Postgres servers."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg

REPOSITORY = Path(__file__).parents[2]
HOLD_UNTIL_INPUT_ENDS = """
import sys
from pathlib import Path
from app.core.embedded_postgres import EmbeddedPostgres

with EmbeddedPostgres(Path(sys.argv[1]), durable=False) as server:
    print(server.url(), flush=True)
    sys.stdin.read()
"""


async def ask(url: str, query: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        answer: object = await connection.fetchval(query)
    finally:
        await connection.close()
    return answer


@contextmanager
def holder(home: Path, *, is_awaited: bool = True) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the server until its input ends."""
    with subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", HOLD_UNTIL_INPUT_ENDS, str(home)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            if is_awaited:
                read_address(process)
            yield process
        finally:
            process.kill()


def read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    address = process.stdout.readline()
    assert address.startswith("postgresql://")
    return address


@contextmanager
def acting_as(user: pwd.struct_passwd) -> Iterator[None]:
    os.setegid(user.pw_gid)
    os.seteuid(user.pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def cluster_of(home: Path) -> Path:
    return next(path for path in home.iterdir() if path.name.isdigit()).resolve(strict=True)


def socket_of(home: Path) -> Path:
    return (cluster_of(home) / "run").resolve() / ".s.PGSQL.5432"


def pid_file_of(home: Path) -> Path:
    return cluster_of(home) / "data" / "postmaster.pid"


def postmaster_pid(home: Path) -> int:
    return int(pid_file_of(home).read_text().split()[0])


def is_accepting(home: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(socket_of(home))) == 0


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def kill_server(home: Path) -> None:
    with suppress(FileNotFoundError, ProcessLookupError):
        os.kill(postmaster_pid(home), signal.SIGQUIT)
        wait_until(lambda: not pid_file_of(home).exists())


def remove(folder: Path) -> None:
    """Delete the homes in there, what still runs in them, and what they keep outside."""
    for home in [lock.parent for lock in folder.rglob("start.lock")]:
        with suppress(FileNotFoundError):
            kill_server(home)
            shutil.rmtree(socket_of(home).parent)
            shutil.rmtree(cluster_of(home))
    shutil.rmtree(folder)
