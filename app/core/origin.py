"""From where something is done: a request with its client, a command, or the service by itself.

Every transaction tells it to the database, whose triggers write it into the audit log.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from app.core.caller import SYSTEM, Caller

_SETTABLE = re.compile(r"[A-Za-z0-9._:/ \-]{0,200}")


@dataclass(frozen=True, slots=True)
class Origin:
    """What set something going: `source` is `request`, `command` or `service`."""

    source: str
    request_id: str = ""
    client_address: str = ""


_SERVICE = Origin("service")
_current: ContextVar[Origin] = ContextVar("origin", default=_SERVICE)


def current_origin() -> Origin:
    """Where what runs now comes from."""
    return _current.get()


@contextmanager
def originating(origin: Origin) -> Iterator[None]:
    """Whatever is done in here comes from there."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def address_of(client: tuple[str, int] | None) -> str:
    """A client's address as servers give it; nothing for what is none, such as the path of a socket."""
    return _address(client[0]) if client else ""


@lru_cache(maxsize=1_000)
def _address(host: str) -> str:
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        return ""


def settings_sql(caller: Caller) -> str:
    """A SELECT that sets the organization, the person and the origin for the rest of the transaction."""
    origin = current_origin()
    settings = {
        "organization_id": str(caller.organization_id),
        "user_id": "" if caller.position == SYSTEM else str(caller.user_id),
        "credential_id": caller.credential_id,
        "source": origin.source,
        "request_id": origin.request_id,
        "client_address": origin.client_address,
    }
    return setting_sql(settings)


def setting_sql(settings: Mapping[str, str]) -> str:
    """A SELECT that sets these for the rest of the transaction, to be sent with its BEGIN.

    Raises `ValueError` for what could be more than a value.
    """
    if unsafe := [name for name, value in settings.items() if not _SETTABLE.fullmatch(value)]:
        raise ValueError(f"these cannot be written into a statement: {unsafe}")
    return "SELECT " + ", ".join(f"set_config('app.{name}', '{value}', true)" for name, value in settings.items())
