"""A private Postgres for development, demos and tests: no service to install, no port, no password.

The server listens on a unix socket only. The socket's folder (mode 0700) is the wall: whoever passes it is trusted as
any role, and only root and the user that runs the server pass. Processes that name the same home share one server; the
last one out stops it. Locks are `flock`s, which the kernel drops even after kill -9. Made for Linux and macOS; Windows
has no `fcntl` and is out of scope.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

from app.core.postgres_binaries import PostgresBinariesNotFound, find_binaries, read_version
from app.core.postgres_folders import PostgresFolders, PostgresFolderUnusable, SocketPathTooLong
from app.core.postgres_server import PostgresDidNotStart, PostgresDidNotStop, PostgresServer

__all__ = [
    "EmbeddedPostgres",
    "PostgresBinariesNotFound",
    "PostgresDidNotStart",
    "PostgresDidNotStop",
    "PostgresFolderUnusable",
    "SocketPathTooLong",
    "find_binaries",
]


class EmbeddedPostgres:
    """One server per `home` and major version, run by an unprivileged user if we are root.

    Data lies in `<home>/<major>/data`; PostgresFolders tells about a home that the server's user cannot reach, such as
    one below root's 0700 home. `durable=False` gives up safety against loss of power for speed; whoever starts the
    server decides. `binaries` is the folder of Postgres' programs, found if not given.

    Raises PostgresBinariesNotFound, PostgresFolderUnusable.
    """

    def __init__(self, home: Path, *, durable: bool = True, binaries: Path | None = None) -> None:
        self._home = home.absolute()
        bindir = find_binaries(binaries)
        self._folders = PostgresFolders(self._home, major=read_version(bindir).split(".")[0])
        self._server = PostgresServer(self._folders, bindir, durable)
        self._users_lock: int | None = None

    def start(self) -> None:
        """Join the running server or start one; blocks until it answers. Starting twice is harmless.

        Raises PostgresDidNotStart, PostgresDidNotStop (a server without a socket), PostgresBinariesNotFound,
        PostgresFolderUnusable, SocketPathTooLong, and OSError where a folder cannot be written.
        """
        self._home.mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._folders.prepare()
            if not self._server.is_running():
                self._server.launch()
            if self._users_lock is None:
                self._users_lock = _open_lock(self._folders.cluster / "users.lock")
                fcntl.flock(self._users_lock, fcntl.LOCK_SH)

    def revive(self) -> bool:
        """Start the server again if it died under its users; tells whether it had. Raises as `start` does."""
        if self._users_lock is None or self._server.is_running():
            return False
        with self._alone():
            if self._server.is_running():  # another user of it was faster
                return False
            self._server.launch()
            return True

    def stop(self) -> None:
        """Leave the server; its last user stops it. Stopping twice is harmless. Raises PostgresDidNotStop."""
        if self._users_lock is None:
            return
        with self._alone():
            is_last = _try_lock_alone(self._users_lock)
            os.close(self._users_lock)
            self._users_lock = None
            if is_last and self._server.is_running():
                self._server.shut_down()

    def url(self, database: str = "postgres", user: str = "postgres") -> str:
        """Address for asyncpg, valid once started: `postgresql://user@/database?host=<socket folder>&port=5432`.

        The port, a part of the socket's name, is spelled out because asyncpg would otherwise obey PGPORT.
        """
        folder = quote(str(self._folders.run), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={folder}&port=5432"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time starts or stops a server of this home."""
        gate = _open_lock(self._home / "start.lock")
        try:
            fcntl.flock(gate, fcntl.LOCK_EX)
            yield
        finally:
            os.close(gate)


def _open_lock(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock_alone(lock: int) -> bool:
    """Trade our share of the lock for the whole of it; fails while another process holds a share."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
