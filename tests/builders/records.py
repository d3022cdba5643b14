"""The four kinds of records that other systems write, as their tests walk through them."""

from collections.abc import Mapping

import asyncpg
import httpx

from app.people.permissions import Position
from tests.department import Actor, Department, Json

NOUNS = {"leads": "lead", "accounts": "account", "contacts": "contact", "opportunities": "opportunity"}
PATHS = tuple(NOUNS)
PERMISSIONS = {"leads": "leads", "accounts": "accounts", "contacts": "accounts", "opportunities": "opportunities"}
SELLER = Position.SALES_REPRESENTATIVE

_SUBJECTS = "SELECT id FROM subjects WHERE organization_id = $1 AND type = $2"
_EVENTS = """
SELECT type FROM events
WHERE organization_id = $1 AND subject_type = $2
ORDER BY xid, id
"""


async def put(
    actor: Actor, path: str, external_id: str, body: Json, headers: Mapping[str, str] | None = None
) -> httpx.Response:
    """PUT a record by its external id."""
    return await actor.request("PUT", f"/{path}/by-external-id/{external_id}", json=body, headers=headers)


async def event_types(owner: asyncpg.Connection, department: Department, path: str) -> list[str]:
    """What was published about all records of a kind, in the order of the log, without the noun."""
    rows = await owner.fetch(_EVENTS, department.organization_id, NOUNS[path])
    return [row["type"].partition(".")[2] for row in rows]


async def count_of_subjects(owner: asyncpg.Connection, department: Department, path: str) -> int:
    """How many records of a kind have begun to be, whether finished or not."""
    return len(await owner.fetch(_SUBJECTS, department.organization_id, NOUNS[path]))


async def post_batch(actor: Actor, path: str, items: list[Json], key: str = "", **fields: str) -> httpx.Response:
    """POST many records, under an Idempotency-Key when there is one."""
    headers = {"Idempotency-Key": key} if key else None
    return await actor.request("POST", f"/{path}/batch", json={"items": items, **fields}, headers=headers)


def statuses(answer: httpx.Response) -> list[int]:
    """What became of each item."""
    assert answer.status_code == 200, answer.text
    return [item["status"] for item in answer.json()["items"]]


def pointers(problem: Json) -> list[str]:
    """The places that a problem names."""
    return [error["pointer"] for error in problem["errors"]]
