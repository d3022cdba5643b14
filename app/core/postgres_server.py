"""Making, starting and stopping one Postgres server with its own programs."""

import shlex
import shutil
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.core.postgres_binaries import copy_binaries, is_passable, read_version
from app.core.postgres_folders import PostgresFolders

CLEAN_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC", "HOME": "/nonexistent"}
FIRST_MAJOR_WITH_BUILTIN_LOCALE = 17
SETTINGS = ("listen_addresses=", "port=5432", "unix_socket_permissions=0700", "max_connections=200")
SETTINGS_NOT_DURABLE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
ORPHANS_SECONDS = 15  # for the children of a killed server to notice and leave
LOG_TAIL_CHARACTERS = 2000


class PostgresDidNotStart(RuntimeError):
    """The server could not be initialised or started; the message ends with what it said last."""


class PostgresDidNotStop(RuntimeError):
    """The server did not end within a minute of a fast shutdown."""


@dataclass
class PostgresServer:
    """The server of these folders. Whoever calls its methods holds the lock of the home."""

    folders: PostgresFolders
    bindir: Path
    durable: bool

    def is_running(self) -> bool:
        """Whether the socket accepts; after a crash a pid file proves nothing."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.folders.socket)) == 0

    def launch(self) -> None:
        """Start the server, on a new data directory if there is none; blocks until it answers, for a minute at most.

        Raises PostgresDidNotStart, PostgresDidNotStop, PostgresBinariesNotFound.
        """
        if self.folders.user and not is_passable(self.bindir):
            destination = self.folders.cluster / f"binaries-{read_version(self.bindir)}"
            self.bindir = copy_binaries(self.bindir, destination)
        if not self.folders.data.exists():
            self._initialise()
        self._clear_after_crash()
        self._start()

    def shut_down(self) -> None:
        """Stop the server and whatever its clients are doing. Raises PostgresDidNotStop."""
        outcome = self._run("pg_ctl", "stop", "-w", "-m", "fast")
        if outcome.returncode:
            raise PostgresDidNotStop(f"Postgres did not stop: {outcome.stdout}")

    def _initialise(self) -> None:
        """Make the data directory beside its final place: a killed initdb leaves nothing that looks finished."""
        unfinished = self.folders.data.with_name("data.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        self.folders.make_private(unfinished)
        options = ["-U", "postgres", "-E", "UTF8", "--auth-local=trust", "--auth-host=reject", "--locale=C.UTF-8"]
        if int(self.folders.major) >= FIRST_MAJOR_WITH_BUILTIN_LOCALE:
            options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self.durable:
            options.append("--no-sync")
        outcome = self._run("initdb", "-D", str(unfinished), *options)
        if outcome.returncode:
            raise PostgresDidNotStart(f"initdb failed: {outcome.stdout[-LOG_TAIL_CHARACTERS:]}")
        unfinished.rename(self.folders.data)

    def _clear_after_crash(self) -> None:
        """Make room for a new server when the old one left its pid file but no open socket."""
        pid_file = self.folders.data / "postmaster.pid"
        if not pid_file.exists():
            return
        if str(self.folders.data) in _command_line(int(pid_file.read_text().split()[0])):
            self.shut_down()  # its starter was killed halfway, or its socket was swept away
            return
        pid_file.unlink()
        self.folders.socket.with_name(f"{self.folders.socket.name}.lock").unlink(missing_ok=True)

    def _start(self) -> None:
        log = self.folders.data / "server.log"
        with suppress(FileNotFoundError):
            log.replace(log.with_name("server.log.1"))
        started_at = time.monotonic()
        while (outcome := self._run("pg_ctl", "start", "-w", "-l", str(log), "-o", self._options())).returncode:
            said = outcome.stdout + (log.read_text(errors="replace") if log.exists() else "")
            if "shared memory" not in said or time.monotonic() - started_at > ORPHANS_SECONDS:
                raise PostgresDidNotStart(f"Postgres did not start: {said[-LOG_TAIL_CHARACTERS:]}")
            log.unlink(missing_ok=True)
            time.sleep(0.1)

    def _options(self) -> str:
        folder = str(self.folders.run).replace('"', '""')
        # Postgres knows its data directory already; named here, it shows whose server a process is.
        settings = [*SETTINGS, f"data_directory={self.folders.data}", f'unix_socket_directories="{folder}"']
        if not self.durable:
            settings += SETTINGS_NOT_DURABLE
        return shlex.join(f"--{setting}" for setting in settings)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one of Postgres' programs as the server's user, apart from our own folder and environment."""
        user = self.folders.user
        return subprocess.run(  # noqa: S603 - programs of the chosen folder, no shell
            [self.bindir / program, *arguments],
            user=user and user.pw_uid,
            group=user and user.pw_gid,
            extra_groups=user and [],
            cwd="/",
            env=CLEAN_ENVIRONMENT | {"PGDATA": str(self.folders.data)},  # pg_ctl would pass -D unquoted to a shell
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


def _command_line(pid: int) -> str:
    """Of a living process; empty for a dead one, and for a zombie that nobody reaps."""
    if not Path("/proc/self/cmdline").exists():  # macOS
        command = ["/bin/ps", "-o", "command=", "-p", str(pid)]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout  # noqa: S603 - a number
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
    return ""
