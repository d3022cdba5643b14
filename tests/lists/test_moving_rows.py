"""Pages while rows come, change and go: whoever stands still is read once, neither skipped nor doubled."""

import random
from typing import Any

import asyncpg
import pytest

from tests.department import Actor, Department, Json

SORTS = ["created_at", "updated_at", "name", "amount", "close_on", "stage_entered_at"]
ROWS = 24


def _fields(chance: random.Random) -> Json:
    """Few values, so that many rows are equal in them, and some are without."""
    return {
        "name": chance.choice(["Acme", "acme", "Äcme", "Zeta"]),
        "amount": chance.choice([None, "0.00", "10.00", "9999999999999999.99"]),
        "close_on": chance.choice([None, "2026-01-01", "2026-12-31"]),
    }


async def _disturb(actor: Actor, owner: asyncpg.Connection, chance: random.Random, moving: list[Json]) -> None:
    """One row more, one that changes, one that goes: never one of those that stand still."""
    made = await actor.post("/opportunities", _fields(chance))
    changing, going = moving[0], moving.pop()
    await actor.patch(f"/opportunities/{changing['id']}", _fields(chance) | {"close_on": "2026-06-15"})
    await owner.execute("DELETE FROM opportunities WHERE id = $1", going["id"])
    moving.insert(1, made)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("seed", range(3))
async def test_rows_that_stand_still_are_read_once(
    department: Department, owner: asyncpg.Connection, sort: str, sign: str, seed: int
) -> None:
    chance, actor = random.Random(seed), department.operations  # noqa: S311 # so that a failure comes again
    items = [_fields(chance) for _ in range(ROWS)]
    rows = [
        item["record"] for item in (await actor.post("/opportunities/batch", {"items": items}, expect=200))["items"]
    ]
    chance.shuffle(rows)
    still, moving = rows[: ROWS // 2], rows[ROWS // 2 :]
    await owner.execute("SET session_replication_role = replica")  # nothing that is offered deletes a deal

    read: list[str] = []
    place: dict[str, Any] = {}
    while True:
        page = await actor.get("/opportunities", sort=sign + sort, limit=chance.randint(1, 5), **place)
        read += [deal["id"] for deal in page["items"]]
        if page["next_cursor"] is None:
            break
        place = {"cursor": page["next_cursor"]}
        if len(moving) > 2:
            await _disturb(actor, owner, chance, moving)

    assert sorted(each for each in read if each in {row["id"] for row in still}) == sorted(row["id"] for row in still)
