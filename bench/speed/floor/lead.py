"""A new lead: four round trips (begin with the place in the e-mail's line, look for duplicates, write, COMMIT)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from app.core.caller import Caller
from app.core.database import new_id
from app.leads.schemas import Lead
from app.people.permissions import demand, is_within
from app.workflow.pipeline import PipelineDefinition
from bench.speed.floor.event import COLUMNS, Told, event_row
from bench.speed.floor.transaction import beginning_with_email, transaction

_LOOK = """
SELECT id, current_version,
    EXISTS (SELECT FROM leads WHERE organization_id = $1 AND email_key = lower($2::text)) AS is_known
FROM pipelines WHERE organization_id = $1 AND subject = 'lead' AND is_default
"""
_WRITE = f"""
WITH started AS (
    INSERT INTO subjects (organization_id, id, type, last_sequence, last_event_id, last_xid)
    VALUES ($1, $5, $4, $6, $2, pg_current_xact_id()) RETURNING id
), written AS (
    INSERT INTO leads (
        organization_id, id, version, created_at, updated_at, name, company_name, email, source, pipeline_id,
        pipeline_version, stage, step, outcome, stage_entered_at, owner_id, team_id
    ) SELECT $1, $5, 1, $7, $7, $13, $14, $15, $16, $8, $17, $18, $9, 'open', $7, $11, $10 FROM started RETURNING id
)
INSERT INTO events ({COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM written
"""  # noqa: S608 # all are constants
_EMPTY = dict.fromkeys(Lead.model_fields)


class Duplicate(Exception):
    """Another lead has this e-mail."""


async def create_lead(
    pool: asyncpg.Pool, caller: Caller, body: bytes, definitions: Mapping[tuple[UUID, int], PipelineDefinition]
) -> bytes:
    """Write a lead of the caller's; raises `Duplicate`."""
    demand(caller, "leads.write")
    asked = json.loads(body)
    async with transaction(pool, beginning_with_email(caller, asked["email"])) as connection:
        found = await connection.fetchrow(_LOOK, caller.organization_id, asked["email"])
        if found["is_known"]:
            raise Duplicate
        lead = _lead(caller, asked, found, definitions[found["id"], found["current_version"]])
        await connection.execute(_WRITE, *_arguments(caller, lead))
    return to_json(lead)


def _lead(
    caller: Caller, asked: dict[str, Any], found: asyncpg.Record, definition: PipelineDefinition
) -> dict[str, Any]:
    now, stage = datetime.now(UTC), definition.first_stage
    lead: dict[str, Any] = {
        **_EMPTY,
        **asked,
        "id": new_id(),
        "version": 1,
        "created_at": now,
        "updated_at": now,
        "pipeline_id": found["id"],
        "pipeline_version": found["current_version"],
        "stage": stage.name,
        "step": stage.step,
        "outcome": "open",
        "stage_entered_at": now,
        "owner_id": caller.user_id,
        "team_id": caller.team_id,
    }
    if not is_within(caller, "leads.write", lead):
        raise PermissionError
    return lead


def _arguments(caller: Caller, lead: dict[str, Any]) -> tuple[Any, ...]:
    event = event_row(caller, Told("lead.created", lead, {}, 1, lead["created_at"]))
    return (
        *event,
        *(lead[name] for name in ("name", "company_name", "email", "source", "pipeline_version", "stage")),
    )
