"""A real server: `stageline serve` in a process of its own, on an embedded Postgres of its own."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.core.secret_keys import new_key
from app.core.settings import Settings
from bench.processes import free_port

STAGELINE = str(Path(sys.executable).parent / "stageline")
_START_SECONDS = 180  # a demonstration on a busy machine; tests have a timeout of their own
_DATABASE_VARIABLES = {"DATABASE_URL", "STAGELINE_SECRET_KEYS"}


@dataclass(frozen=True)
class ServerProcess:
    """A running server and what a terminal beside it would have in its environment."""

    url: str
    environment: dict[str, str]
    output: Path
    process: subprocess.Popen[bytes]


@contextmanager
def data_folder() -> Iterator[Path]:
    """A folder for an embedded Postgres, removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix="stageline-serve-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def environment_of(home: Path) -> dict[str, str]:
    """The environment of a process whose embedded Postgres is in the folder."""
    environment = {name: value for name, value in _environment().items() if name not in _DATABASE_VARIABLES}
    return environment | {"STAGELINE_DATA_DIR": str(home)}


def database_variables(settings: Settings) -> dict[str, str]:
    """What tells another process of the database."""
    direct = settings.direct_database_url
    return {"DATABASE_URL": settings.service_url} | ({"STAGELINE_DIRECT_DATABASE_URL": direct} if direct else {})


def _environment() -> dict[str, str]:
    # without compiled files every start takes twice as long; nobody balances between these servers
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return inherited | {"STAGELINE_SHUTDOWN_DELAY_SECONDS": "0"}


@contextmanager
def serving(*options: str) -> Iterator[ServerProcess]:
    """Start a server on an empty folder, wait until it is ready, stop it with SIGTERM."""
    with data_folder() as home, serving_in(home, *options) as server:
        yield server


@contextmanager
def serving_in(home: Path, *options: str, **variables: str) -> Iterator[ServerProcess]:
    """Start a server on a folder, or on the database that a variable names; stop it with SIGTERM."""
    with _running(environment_of(home) | variables, home / "output.txt", options) as server:
        yield server


@contextmanager
def serving_on(settings: Settings, *options: str, **further: object) -> Iterator[ServerProcess]:
    """Start a server without a worker on the database of the settings, wait until it is ready, stop it with SIGTERM."""
    given = {f"STAGELINE_{name}".upper(): str(value) for name, value in further.items()}
    with data_folder() as home:
        environment = _environment() | database_variables(settings) | {"STAGELINE_SECRET_KEYS": new_key(), **given}
        with _running(environment, home / "output.txt", ["--no-worker", *options]) as server:
            yield server


@contextmanager
def _running(environment: dict[str, str], output: Path, options: Iterable[str]) -> Iterator[ServerProcess]:
    port = free_port()
    with output.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 # the project's own command
            [STAGELINE, "serve", "--port", str(port), *options], env=environment, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, output)
        yield ServerProcess(url, environment, output, process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, output.read_text()
        try:
            if httpx.get(f"{url}/readyz", timeout=2).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError(f"the server was not ready in time: {output.read_text()}")
