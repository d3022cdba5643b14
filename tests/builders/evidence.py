"""Builders: activities held, proposals sent and contracts signed through HTTP, and what stands around them."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from tests.department import Actor, Json

UNKNOWN_ID = "0198c1f2-a7b4-7000-8000-000000000000"  # fixed: it is part of the names of tests
_IS_AWAITED = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
)


async def open_deal(actor: Actor, **fields: Any) -> Json:
    """A deal of the actor's at the first stage."""
    return await actor.post("/opportunities", {"name": "A deal", "amount": "1000.00", **fields})


async def mark_completed(owner: asyncpg.Connection, deal: Json) -> None:
    """Let a deal be completed without walking it through its stages."""
    await owner.execute(
        "UPDATE opportunities SET completed_at = now(), version = version + 1 WHERE id = $1", UUID(deal["id"])
    )


async def open_lead(actor: Actor) -> Json:
    """A lead of the actor's at the first stage."""
    return await actor.post("/leads", {"name": "A lead"})


async def plan_activity(actor: Actor, kind: str = "call", **fields: Any) -> Json:
    """An activity that is planned."""
    return await actor.post("/activities", {"kind": kind, "summary": f"A {kind}", **fields})


async def hold_activity(
    actor: Actor, kind: str, *, opportunity_id: str | None = None, lead_id: str | None = None
) -> Json:
    """An activity that was held just now, about a deal or a lead."""
    about = {"opportunity_id": opportunity_id, "lead_id": lead_id}
    return await actor.post("/activities", {"kind": kind, "summary": f"A {kind}", "status": "held", **about})


async def draft_proposal(actor: Actor, opportunity_id: str, **fields: Any) -> Json:
    """A draft that is complete enough to be sent."""
    complete = {
        "title": "An offer",
        "amount": "1000.00",
        "pricing": "One licence",
        "terms": "30 days net",
        "delivery_timeline": "Two weeks",
    }
    return await actor.post("/proposals", {"opportunity_id": opportunity_id, **complete, **fields})


async def send_proposal(actor: Actor, opportunity_id: str, **fields: Any) -> Json:
    """A proposal that was sent."""
    proposal = await draft_proposal(actor, opportunity_id, **fields)
    return await actor.post(f"/proposals/{proposal['id']}/sending", expect=200)


async def draft_contract(actor: Actor, opportunity_id: str, **fields: Any) -> Json:
    """A contract that waits for its signature."""
    return await actor.post("/contracts", {"opportunity_id": opportunity_id, "amount": "1000.00", **fields})


async def sign_contract(actor: Actor, opportunity_id: str, **fields: Any) -> Json:
    """A contract that was signed yesterday."""
    contract = await draft_contract(actor, opportunity_id, **fields)
    return await actor.post(f"/contracts/{contract['id']}/signature", {"signed_on": days_from_now(-1)}, expect=200)


async def events_of(owner: asyncpg.Connection, subject_id: str) -> list[tuple[int, str]]:
    """The numbers and types of a subject's events, in order."""
    rows = await owner.fetch(
        "SELECT sequence, type FROM events WHERE subject_id = $1 ORDER BY sequence", UUID(subject_id)
    )
    return [(row["sequence"], row["type"]) for row in rows]


async def last_event(owner: asyncpg.Connection, subject_id: str) -> Json:
    """A subject's newest event as consumers get it."""
    body = await owner.fetchval(
        "SELECT body FROM events WHERE subject_id = $1 ORDER BY sequence DESC LIMIT 1", UUID(subject_id)
    )
    event: Json = json.loads(body)
    return event


async def until_awaited(connection: asyncpg.Connection) -> None:
    """Return as soon as another session waits for a lock of this connection's open transaction."""
    async with asyncio.timeout(10):
        while not await connection.fetchval(_IS_AWAITED):
            continue


def days_from_now(days: int) -> str:
    """A date as it is sent."""
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


def hours_from_now(hours: int) -> str:
    """A moment as it is sent."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
