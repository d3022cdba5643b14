"""A terminal: `stageline` commands as processes of their own, on one embedded Postgres."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.builders.server_process import STAGELINE, data_folder, environment_of, serving_in
from tests.department import Json

_COMMAND_SECONDS = 60


@dataclass(frozen=True)
class Terminal:
    """Where commands run, beside a server for the organization that was founded by the first of them."""

    environment: dict[str, str]
    url: str
    organization_id: str
    first_key: str

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; named arguments are further environment variables."""
        return run(self.environment | variables, *arguments)

    def read(self, *arguments: str) -> Json:
        """The JSON that a command prints."""
        return read(self.environment, *arguments)


@contextmanager
def opened_terminal() -> Iterator[Terminal]:
    """Migrate an empty folder, found the organization Acme, and serve it beside the commands that follow."""
    with data_folder() as home:
        environment = environment_of(home)
        migrated = run(environment, "migrate")
        assert migrated.returncode == 0, migrated.stderr
        founded = read(environment, "create-organization", "Acme", "--json")
        with serving_in(home, "--no-worker") as server:
            yield Terminal(environment, server.url, founded["organization_id"], founded["key"])


def run(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(  # noqa: S603 # the project's own command
        [STAGELINE, *arguments], env=environment, capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False
    )


def read(environment: dict[str, str], *arguments: str) -> Json:
    """The JSON that a command prints."""
    done = run(environment, *arguments)
    assert done.returncode == 0, done.stderr
    printed: Json = json.loads(done.stdout)
    return printed
