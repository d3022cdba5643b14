"""Secrets that would be known again anywhere, and everything that a running service lets out."""

import base64
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

from app.core.settings import Settings
from tests.builders.server_process import database_variables

_LONGEST_PIECE = 16


def _word() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True)
class Canaries:
    """Settings that are secrets; `known` are further ones, by what they are."""

    database_password: str = field(default_factory=_word)
    migration_password: str = field(default_factory=_word)
    metrics_token: str = field(default_factory=_word)
    secret_key: str = field(default_factory=lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    body: str = field(default_factory=_word)
    known: dict[str, str] = field(default_factory=dict)

    def environment(self, settings: Settings, data_dir: Path) -> dict[str, str]:
        """The settings of a process on a database that takes any password."""
        ways = database_variables(settings).items()
        return {name: with_password(url, self.database_password) for name, url in ways} | {
            "STAGELINE_MIGRATION_DATABASE_URL": with_password(settings.session_url, self.migration_password),
            "STAGELINE_METRICS_TOKEN": self.metrics_token,
            "STAGELINE_SECRET_KEYS": f"canary:{self.secret_key}",
            "STAGELINE_LOG_LEVEL": "debug",
            "STAGELINE_DATA_DIR": str(data_dir),
        }

    def sung_in(self, text: str) -> set[str]:
        """Which of them can be read in a text, wholly or by a piece that is long enough to matter."""
        named = {name: value for name, value in vars(self).items() if isinstance(value, str)} | self.known
        return {name for name, value in named.items() if _piece_of(value) in text or quote(value, safe="") in text}


def _piece_of(secret: str) -> str:
    """The middle of a secret: whoever shows a part of it shows too much. Of an API key the public id is no secret."""
    bare = re.sub(r"^(slk_[A-Za-z0-9]+_|whsec_)", "", secret)
    return bare[4 : 4 + _LONGEST_PIECE]


def with_password(url: str, password: str) -> str:
    """The database's URL with a password in it."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user or 'postgres'}:{password}@{host}"))


def arguments_of(pid: int) -> str:
    """The arguments of a process and of all that it has started, as anybody on the machine may read them."""
    children: dict[int, list[int]] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(status.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        children.setdefault(parent, []).append(int(status.parent.name))
    found, waiting = list[str](), [pid]
    while waiting:
        each = waiting.pop()
        waiting += children.get(each, [])
        command = Path(f"/proc/{each}/cmdline")
        found.append(command.read_text(errors="replace") if command.exists() else "")
    return "\n".join(found)


def all_of(response: httpx.Response) -> str:
    """Everything that an answer says."""
    return f"{response.status_code} {response.headers} {response.text}"
