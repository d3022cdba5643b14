"""How a command runs: with the settings of its environment and a database, and errors said in words."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from app.core import request_log
from app.core.database import new_id
from app.core.origin import Origin, originating
from app.core.own_postgres import provided
from app.core.secret_keys import SecretKeysUnusable
from app.core.session import RoleNotTaken
from app.core.settings import Settings
from app.people.directory import NoSuchOrganization

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)

T = TypeVar("T")
_USER_ERROR = 2


@contextmanager
def ready_settings() -> Iterator[Settings]:
    """Settings with a database that answers, for as long as the block runs."""
    # asked to end, a command leaves as by Ctrl-C: its tasks are cancelled, and an embedded Postgres is stopped
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with user_errors_told():
        settings = read_settings()
        request_log.configure(settings.log_level)
        with provided(settings) as ready:
            yield ready


def read_settings() -> Settings:
    """The settings of the environment; ends the command where they are wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for each in error.errors():
            name = "_".join(("STAGELINE", *map(str, each["loc"]))).upper()
            err.print(f"{name}: {each['msg']}", markup=False)
        raise typer.Exit(_USER_ERROR) from None


@contextmanager
def user_errors_told() -> Iterator[None]:
    """End with a message where the operator can mend it: a file, a port, an address, or which organization."""
    try:
        yield
    except (NoSuchOrganization, RoleNotTaken, SecretKeysUnusable, OSError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(_USER_ERROR) from None


def perform(deed: Callable[[Settings], Coroutine[Any, Any, T]]) -> T:
    """Do it with settings that are ready."""
    with ready_settings() as settings:
        return run_as_command(deed(settings))


def run_as_command(deed: Coroutine[Any, Any, T]) -> T:
    """Do it; the audit log will tell that a command did."""
    with originating(Origin("command", str(new_id()))):
        return asyncio.run(deed)
