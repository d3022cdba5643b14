"""PgBouncer in front of the Postgres of the tests: transaction mode, four connections to each database."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit, urlunsplit

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
POOL_SIZE = 4
_START_SECONDS = 10
_PORT = 6432  # of a unix socket: a part of its name

_CONFIGURATION = """
[databases]
* = host={socket_folder} port={port} auth_user=postgres
[pgbouncer]
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 1000
query_wait_timeout = 30
unix_socket_dir = {folder}
listen_port = {listen_port}
application_name_add_host = 1
auth_type = trust
ignore_startup_parameters = {ignored}
auth_file = {folder}/users.txt
auth_query = SELECT rolname, '' FROM pg_roles WHERE rolname = $1
{user}
"""


@dataclass(frozen=True)
class Pooler:
    """A running PgBouncer."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, direct_url: str) -> str:
        """The same database through it."""
        query = f"host={quote(str(self.folder), safe='')}&port={_PORT}"
        return urlunsplit(urlsplit(direct_url)._replace(query=query))


@contextmanager
def pooling(server_url: str, *, ignored: Iterable[str] = ()) -> Iterator[Pooler]:
    """Run PgBouncer before a server that is reached by a unix socket, as the user who may use that.

    It refuses connections with parameters that it does not know, unless they are `ignored`.
    """
    asked = parse_qs(urlsplit(server_url).query)
    socket_folder, port = Path(asked["host"][0]), asked["port"][0]
    owner = pwd.getpwuid(socket_folder.stat().st_uid)
    folder = Path(tempfile.mkdtemp(prefix="pooler-"))
    (folder / "users.txt").write_text('"postgres" ""\n')
    (folder / "pgbouncer.ini").write_text(
        _CONFIGURATION.format(
            socket_folder=socket_folder,
            port=port,
            pool_size=POOL_SIZE,
            ignored=",".join(ignored),
            folder=folder,
            listen_port=_PORT,
            user=f"user = {owner.pw_name}" if os.getuid() == 0 else "",  # it does not run as root
        )
    )
    if os.getuid() == 0:
        for path in (folder, *folder.iterdir()):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    with _running(folder) as process:
        yield Pooler(folder, process)


@contextmanager
def _running(folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 # an absolute path
            [str(PGBOUNCER), str(folder / "pgbouncer.ini")], stdout=log, stderr=log
        )
    try:
        _wait_until_listening(process, folder)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=10)
        shutil.rmtree(folder)


def _wait_until_listening(process: subprocess.Popen[bytes], folder: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    with socket.socket(socket.AF_UNIX) as client:
        while client.connect_ex(str(folder / f".s.PGSQL.{_PORT}")) != 0:
            assert process.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline, (folder / "log.txt").read_text()
            time.sleep(0.01)
