"""A deal's move: four round trips (begin with the lock, read, write, COMMIT)."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
from pydantic_core import to_json

from app.core.caller import Caller
from app.core.changes import before
from app.core.database import new_id
from app.people.permissions import is_within
from app.transitions.evidence import evidence_of, find_deal
from app.transitions.workflows import DEAL
from app.workflow.decision import Decision, Standing, TransitionInputs, decide
from app.workflow.pipeline import Outcome, PipelineDefinition
from bench.speed.floor.event import COLUMNS, Told, event_row
from bench.speed.floor.reads import NotThere, deal_of
from bench.speed.floor.transaction import beginning_with_lock, transaction

_WRITE = f"""
WITH moved AS (
    UPDATE opportunities SET stage = $13, step = $9, outcome = $14, left_stage = $15, probability = $16,
        forecast_category = $17, stage_entered_at = $7, version = $18, updated_at = $7
    WHERE organization_id = $1 AND id = $5 AND version = $18 - 1 RETURNING id
), advanced AS (
    UPDATE subjects SET last_sequence = $6, last_event_id = $2
    WHERE organization_id = $1 AND id = $5 AND last_sequence = $6 - 1 RETURNING id
), recorded AS (
    INSERT INTO events ({COLUMNS}) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM moved, advanced
    RETURNING id
)
INSERT INTO stage_transitions (
    organization_id, id, opportunity_id, from_stage, to_stage, step, kind, outcome, reason, record_version, sequence,
    event_id, actor_id, occurred_at, seconds_in_from_stage
) SELECT $1, $19, $5, $20, $13, $9, $21, $14, $22, $18, $6, $2, $23, $7, $24 FROM recorded
"""  # noqa: S608 # all are constants
_WRITTEN = "INSERT 0 1"


class NotAllowed(Exception):
    """The caller may not move this deal, or somebody else was faster."""


async def move_deal(
    pool: asyncpg.Pool,
    caller: Caller,
    deal_id: UUID,
    body: bytes,
    definitions: Mapping[tuple[UUID, int], PipelineDefinition],
) -> bytes:
    """Move a deal forward or back between open stages; raises `NotThere`, `NotAllowed`, and what `decide` raises."""
    asked = json.loads(body)
    inputs = TransitionInputs(asked.get("reason"))
    async with transaction(pool, beginning_with_lock(caller, deal_id)) as connection:
        row = await connection.fetchrow(find_deal.sql, *_find_arguments(caller, deal_id))
        if row is None or not is_within(caller, "opportunities.read", row):
            raise NotThere
        definition = definitions[row["pipeline_id"], row["pipeline_version"]]
        standing = Standing(row["stage"], Outcome(row["outcome"]), row["left_stage"])
        decided = decide(definition, standing, asked["to_stage"], inputs, evidence_of(row))
        if not is_within(caller, DEAL.action_of(decided.edge, definition), row):
            raise NotAllowed
        arguments, answer = _written(caller, row, decided, inputs)
        if await connection.execute(_WRITE, *arguments) != _WRITTEN:
            raise NotAllowed
    return answer


def _find_arguments(caller: Caller, deal_id: UUID) -> list[object]:
    return find_deal.arguments({"organization_id": caller.organization_id, "id": deal_id})


def _written(
    caller: Caller, row: asyncpg.Record, decided: Decision, inputs: TransitionInputs
) -> tuple[tuple[Any, ...], bytes]:
    now = max(datetime.now(UTC), row["stage_entered_at"])
    changes = {
        "stage": decided.target.name,
        "step": decided.target.step,
        "outcome": decided.standing.outcome,
        "left_stage": decided.standing.left_stage,
        "probability": decided.target.probability,
        "forecast_category": decided.target.forecast_category,
        "stage_entered_at": now,
        "version": row["version"] + 1,
        "updated_at": now,
    }
    old = deal_of(row)
    facts = {
        "from_stage": row["stage"],
        "to_stage": decided.target.name,
        "step": decided.target.step,
        "kind": decided.edge.kind,
        "outcome": decided.standing.outcome,
        "overridden": False,
        "reason": inputs.reason,
    }
    sequence, transition_id = row["last_sequence"] + 1, new_id()
    new = {name: changes.get(name, value) for name, value in old.items()}
    told = Told("opportunity.stage_changed", new, before(old, new), sequence, now, facts)
    seconds = int((now - row["stage_entered_at"]).total_seconds())
    arguments = (
        *event_row(caller, told),
        *(changes[name] for name in ("stage", "outcome", "left_stage", "probability", "forecast_category", "version")),
        transition_id,
        row["stage"],
        decided.edge.kind,
        inputs.reason,
        caller.user_id,
        seconds,
    )
    answer = {
        **facts,
        "id": transition_id,
        "override_reason": None,
        "unmet_criteria": [],
        "sequence": sequence,
        "actor": {"type": "user", "id": caller.user_id},
        "occurred_at": now,
        "seconds_in_from_stage": seconds,
        "version": changes["version"],
        "opportunity_id": row["id"],
        "loss_reason": None,
    }
    return arguments, to_json(answer)
