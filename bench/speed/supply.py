"""What requests are made of: ids that the data has, keys, and cursors, which each side makes itself."""

import json
from dataclasses import dataclass, field
from urllib.parse import quote

import asyncpg

from bench.speed.client import ask
from bench.stage import Organization

_PAGE = 50
_LARGEST_PAGE = 200
_DEEPEST_PAGE = 1_000
_MOST_IDS = 12_000

_FIND_MOVING = """
SELECT id::text FROM opportunities WHERE stage = 'negotiation' AND outcome = 'open' ORDER BY md5(id::text) LIMIT $1
"""
_FIND_READ = "SELECT id::text, name FROM opportunities ORDER BY md5('read' || id::text) LIMIT 2000"


@dataclass(frozen=True, slots=True)
class Known:
    """What the data has, the same on both sides."""

    organization: Organization
    deals: list[str]
    names: list[str]
    moving: list[str]
    target: str
    deep_page: int


@dataclass(slots=True)
class Supply:
    """What one side's requests are made of; `cursors` are of lists, by their query."""

    known: Known
    port: int
    cursors: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, *, key: str | None = None) -> bytes:
        """A request for something."""
        return f"GET /v1{path} HTTP/1.1\r\n{self._head(key)}\r\n".encode()

    def post(self, path: str, body: object, *, idempotency_key: str | None = None) -> bytes:
        """A request that makes something."""
        text = json.dumps(body)
        keyed = f"Idempotency-Key: {idempotency_key}\r\n" if idempotency_key else ""
        head = f"{self._head(None)}{keyed}Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
        return f"POST /v1{path} HTTP/1.1\r\n{head}\r\n{text}".encode()

    def _head(self, key: str | None) -> str:
        return f"Host: 127.0.0.1\r\nAuthorization: Bearer {key or self.known.organization.manager}\r\n"

    async def find_deep_cursor(self) -> None:
        """Walk the list of deals to the page before the deep one."""
        pages, rest = divmod((self.known.deep_page - 1) * _PAGE, _LARGEST_PAGE)
        cursor = ""
        for limit in [_LARGEST_PAGE] * pages + [rest] * bool(rest):
            after = f"&cursor={quote(cursor)}" if cursor else ""
            _, body = await ask(self.port, self.get(f"/opportunities?limit={limit}{after}"))
            cursor = json.loads(body)["next_cursor"]
        self.cursors["deep"] = quote(cursor)


async def look_around(owner_url: str, organization: Organization) -> Known:
    """Find what the data has."""
    owner = await asyncpg.connect(owner_url)
    try:
        rows = await owner.fetch(_FIND_READ)
        count = await owner.fetchval("SELECT count(*) FROM opportunities")
        return Known(
            organization=organization,
            deals=[row["id"] for row in rows],
            names=[row["name"] for row in rows],
            moving=[row["id"] for row in await owner.fetch(_FIND_MOVING, _MOST_IDS)],
            target=await owner.fetchval("SELECT id::text FROM team_targets"),
            deep_page=min(_DEEPEST_PAGE, count // _PAGE // 2),
        )
    finally:
        await owner.close()
