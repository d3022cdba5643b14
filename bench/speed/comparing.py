"""Both sides do the same: equal answers to equal requests, and after a move or a new lead equal rows and events."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import asyncpg

from bench.speed.client import ask
from bench.speed.jobs import JOBS, SPARE_SLOT, Job, moving_of
from bench.speed.sides import Side

_VOLATILE = frozenset(
    {
        "id",
        "event_id",
        "timestamp",
        "correlation_id",
        "occurred_at",
        "seconds_in_from_stage",
        "stage_entered_at",
        "created_at",
        "updated_at",
        "as_of",
        "next_cursor",
    }
)
"""What differs between two that do the same a moment apart; records are told by their names."""

_ABSENT = "nothing"

_READ_MOVED = """
SELECT to_jsonb(t) - 'xid' AS row FROM stage_transitions t WHERE opportunity_id = $1::uuid
UNION ALL SELECT to_jsonb(o) FROM opportunities o WHERE id = $1::uuid
UNION ALL SELECT convert_from(body, 'UTF8')::jsonb FROM events WHERE subject_id = $1::uuid
"""
_READ_LEAD = """
SELECT to_jsonb(l) AS row FROM leads l WHERE email = $1
UNION ALL SELECT convert_from(body, 'UTF8')::jsonb FROM events e JOIN leads l ON l.id = e.subject_id WHERE l.email = $1
"""


async def differences(floor: Side, service: Side) -> list[str]:
    """Where answers or effects differ, named by their place and with both values."""
    found = list[str]()
    for job in JOBS:
        found += differing(job.name, await _answers(job, service), await _answers(job, floor))
    return found + list(differing("rows and events", await _effects(service), await _effects(floor)))


def differing(place: str, ours: Any, theirs: Any) -> Iterator[str]:
    """Each place below this one where two values differ, with both."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name in sorted(ours.keys() | theirs.keys()):
            yield from differing(f"{place}.{name}", ours.get(name, _ABSENT), theirs.get(name, _ABSENT))
    elif isinstance(ours, list) and isinstance(theirs, list):
        for number, (one, other) in enumerate(itertools.zip_longest(ours, theirs, fillvalue=_ABSENT)):
            yield from differing(f"{place}[{number}]", one, other)
    elif ours != theirs:
        yield f"{place}: service {ours!r}, floor {theirs!r}"


async def _answers(job: Job, side: Side) -> list[Any]:
    """What the first requests of the spare slot are answered; a deal is moved back and forward again."""
    requests = job.requests(side.supply, SPARE_SLOT)
    deals = len(moving_of(side.supply.known.moving, SPARE_SLOT, keyed=False))
    count = 2 * deals if job.name == "transition" else 3
    return [_steady(*await ask(side.port, next(requests))) for _ in range(count)]


async def _effects(side: Side) -> list[Any]:
    owner = await asyncpg.connect(side.stage.owner_url(side.database))
    moved = await owner.fetch(_READ_MOVED, moving_of(side.supply.known.moving, SPARE_SLOT, keyed=False)[0])
    lead = await owner.fetch(_READ_LEAD, f"ann-{SPARE_SLOT}-0@fields.example")
    await owner.close()
    rows = [without_volatile(json.loads(row["row"])) for row in [*moved, *lead]]
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))


def _steady(status: int, body: bytes) -> dict[str, Any]:
    return {"status": status, "body": without_volatile(json.loads(body))}


def without_volatile(value: Any) -> Any:
    """The value without what two that do the same have of their own."""
    if isinstance(value, dict):
        return {name: without_volatile(each) for name, each in value.items() if name not in _VOLATILE}
    return [without_volatile(each) for each in value] if isinstance(value, list) else value
