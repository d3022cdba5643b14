"""Reading what the database holds, as its owner and by plain SQL."""

import hashlib
import json

import asyncpg

from bench.faults.history import Deal, Event, Holdings, Transition

_TRANSITIONS = """
SELECT id, organization_id, opportunity_id, from_stage, to_stage, reason, event_id, sequence, record_version
FROM stage_transitions WHERE opportunity_id IS NOT NULL
"""
_EVENTS = """
SELECT id, organization_id, type, subject_id, sequence, step, occurred_at, body FROM events
"""
_DEALS = "SELECT id, stage FROM opportunities"
_PAGE = 2_000


async def read_holdings(owner: asyncpg.Connection) -> Holdings:
    """All transitions, events and deals at one moment; bodies are reduced to their hash."""
    async with owner.transaction(isolation="repeatable_read", readonly=True):
        transitions = [_transition(row) for row in await owner.fetch(_TRANSITIONS)]
        events = [_event(row) async for row in owner.cursor(_EVENTS, prefetch=_PAGE)]
        deals = [Deal(str(row["id"]), row["stage"]) for row in await owner.fetch(_DEALS)]
    return Holdings(transitions, events, deals)


async def read_bodies(owner: asyncpg.Connection) -> dict[str, bytes]:
    """The bytes of every event."""
    return {str(row["id"]): row["body"] for row in await owner.fetch("SELECT id, body FROM events")}


async def read_commit_times(owner: asyncpg.Connection) -> dict[str, float]:
    """When each event was committed by Postgres' own clock, in unix seconds."""
    rows = await owner.fetch(
        "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xid::xid))::double precision AS at FROM events"
    )
    return {str(row["id"]): row["at"] for row in rows}


def _transition(row: asyncpg.Record) -> Transition:
    return Transition(
        id=str(row["id"]),
        organization_id=str(row["organization_id"]),
        deal_id=str(row["opportunity_id"]),
        from_stage=row["from_stage"],
        to_stage=row["to_stage"],
        key=row["reason"],
        event_id=None if row["event_id"] is None else str(row["event_id"]),
        sequence=row["sequence"],
        record_version=row["record_version"],
    )


def _event(row: asyncpg.Record) -> Event:
    told = json.loads(row["body"])
    subject = told["subject"]
    named = (told["id"], told["type"], subject["id"], subject["sequence"], told["organization_id"])
    stored = (str(row["id"]), row["type"], str(row["subject_id"]), row["sequence"], str(row["organization_id"]))
    return Event(
        id=stored[0],
        organization_id=stored[4],
        type=row["type"],
        subject_id=stored[2],
        sequence=row["sequence"],
        step=row["step"],
        occurred_at=row["occurred_at"],
        sha256=hashlib.sha256(row["body"]).hexdigest(),
        is_consistent=named == stored,
    )
