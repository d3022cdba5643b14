"""What makes, drives and checks SDKs: installed from lock files when first needed, never missing where `CI` is set."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any, NoReturn

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "openapi" / "openapi.json"
SDKS = ROOT / "tests" / "sdks"
_TRIES = 2
_INSTALL_SECONDS = 240


def is_missing(reason: str) -> NoReturn:
    """Skip on a developer's machine; in CI everything is there, or the run has failed."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def program(*names: str) -> str:
    """The path of the first of the programs that is there."""
    found = next((path for path in map(shutil.which, names) if path), None)
    return found or is_missing(f"{' or '.join(names)} is not installed: `.ci/install` installs it on Debian")


def run(
    command: Sequence[str], folder: Path, *, seconds: int = 120, environment: Mapping[str, str] | None = None
) -> str:
    """What a program prints; fails with all it said when it fails."""
    # of the environment of the tests themselves, which other projects have nothing to do with
    own = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
    result = subprocess.run(  # noqa: S603 # pinned by lock files
        command,
        cwd=folder,
        env=own | dict(environment or {}),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    assert result.returncode == 0, f"{command[0]}: {result.stdout[-6000:]}{result.stderr[-3000:]}"
    return result.stdout


def browse(url: str, expression: str, *picture: str) -> Any:
    """Open a page in Chromium, evaluate an expression in it; gives its `result`, the console's `errors`, `requests`."""
    folder, chromium, node = (
        SDKS / "typescript",
        program("chromium", "chromium-browser", "google-chrome"),
        program("node"),
    )
    node_tools()
    return json.loads(run([node, "browse.mjs", chromium, url, expression, *picture], folder))


def python_tools() -> Path:
    """The programs of `tests/sdks/python`: generators, and what their clients import."""
    folder = SDKS / "python"
    _install(folder, folder / "uv.lock", [str(ROOT / "uvw"), "sync", "--locked", "--quiet"])
    return folder / ".venv" / "bin"


def node_tools(folder: Path = SDKS / "typescript") -> Path:
    """The programs of a folder's `package.json`."""
    _install(folder, folder / "package-lock.json", [program("npm"), "ci"])
    return folder / "node_modules" / ".bin"


def _install(folder: Path, lock: Path, command: list[str]) -> None:
    """Install once for each state of the lock file, whichever test process comes first."""
    digest, stamp = hashlib.sha256(lock.read_bytes()).hexdigest(), folder / ".installed"
    with (folder / ".installing").open("w") as gate:
        flock(gate, LOCK_EX)
        if stamp.exists() and stamp.read_text() == digest:
            return
        problem = ""
        for _ in range(_TRIES):
            problem = _problem_of(command, folder)
            if not problem:
                stamp.write_text(digest)
                return
    is_missing(f"{command[0]} could not install the tools of {folder.name}: {problem}")


def _problem_of(command: list[str], folder: Path) -> str:
    try:
        run(command, folder, seconds=_INSTALL_SECONDS)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return str(error)
    return ""
