"""Where a private Postgres keeps its data and its socket, so that the user that runs it can work there."""

import os
import pwd
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from app.core.postgres_binaries import is_passable

PLACE_OF_ROOT = Path("/var/lib/stageline-postgres")
UNPRIVILEGED_USERS = ("postgres", "nobody")
SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT_BYTES = 103  # macOS; Linux allows 107


class PostgresFolderUnusable(RuntimeError):
    """The recorded folder is gone, or no user exists that the server could run as."""


class SocketPathTooLong(RuntimeError):
    """Neither the home nor the folder for temporary files leaves room for the path of a unix socket."""


def find_server_user() -> pwd.struct_passwd | None:
    """User that runs the server: None for ourselves; for root, whom Postgres refuses, an existing unprivileged one.

    Raises PostgresFolderUnusable when root finds no such user.
    """
    if os.geteuid() != 0:
        return None
    for user in pwd.getpwall():
        if user.pw_name in UNPRIVILEGED_USERS:
            return user
    raise PostgresFolderUnusable(f"Root needs one of the users {', '.join(UNPRIVILEGED_USERS)} to run Postgres.")


@dataclass(frozen=True)
class PostgresFolders:
    """The folders of one server: `<home>/<major>/data` and `<home>/<major>/run`, both of mode 0700.

    As root, the server's user must pass every folder above its data. If one above `home` is closed to it,
    `<home>/<major>` is a symlink to a new folder in /var/lib/stageline-postgres, which outlives a deleted home. Folders
    above `home` are never changed; `home` itself is opened for passage (o+x). Where the path of a socket is too long,
    `run` is a symlink to a short folder. The links are on disk, so that every process finds the same place.
    """

    home: Path
    major: str
    user: pwd.struct_passwd | None = field(default_factory=find_server_user)

    @property
    def cluster(self) -> Path:
        return (self.home / self.major).resolve()

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    @property
    def run(self) -> Path:
        return (self.cluster / "run").resolve()

    @property
    def socket(self) -> Path:
        return self.run / SOCKET_NAME

    def prepare(self) -> None:
        """Find or make the folders; only one process at a time. Raises PostgresFolderUnusable, SocketPathTooLong."""
        link = self.home / self.major
        if link.is_symlink() and not link.exists():
            raise PostgresFolderUnusable(f"{link} leads to a folder that is gone; delete the link to start empty.")
        if self.user:
            self.home.chmod(self.home.stat().st_mode | 0o011)
        if not link.exists():
            self._make_cluster(link)
        self._make_run(self.cluster / "run")

    def make_private(self, folder: Path) -> None:
        """Make the folder if need be, and leave only the server's user in (and root, whom no mode keeps out)."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.user:
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        folder.chmod(0o700)

    def _make_cluster(self, link: Path) -> None:
        if self.user and not is_passable(self.home):
            link.symlink_to(self._make_elsewhere())
        else:
            link.mkdir()
        link.chmod(0o711)

    def _make_run(self, run: Path) -> None:
        if run.is_symlink() and not self._is_ours(run):
            run.unlink()
        if not run.exists() and not _suits_a_socket(run):
            run.symlink_to(self._make_elsewhere())
        self.make_private(run)
        if not _suits_a_socket(run.resolve()):
            raise SocketPathTooLong(
                f"{self.socket} is longer than {SOCKET_PATH_LIMIT_BYTES} bytes or holds a comma; "
                "choose a shorter home or a shorter TMPDIR."
            )

    def _make_elsewhere(self) -> Path:
        """Make a folder with a short path that the server's user can reach."""
        if not self.user:
            return Path(tempfile.mkdtemp(prefix="stageline-"))
        PLACE_OF_ROOT.mkdir(parents=True, exist_ok=True)
        PLACE_OF_ROOT.chmod(0o711)
        return Path(tempfile.mkdtemp(prefix="server-", dir=PLACE_OF_ROOT))

    def _is_ours(self, run: Path) -> bool:
        """Temporary folders get swept away, and anyone may then make one of the same name."""
        owner = self.user.pw_uid if self.user else os.geteuid()
        return run.is_dir() and run.stat().st_uid == owner


def _suits_a_socket(folder: Path) -> bool:
    """Whether the path is short enough, and free of the comma that separates hosts in an address."""
    path = str(folder / SOCKET_NAME)
    return len(os.fsencode(path)) <= SOCKET_PATH_LIMIT_BYTES and "," not in path
