"""Raw SQL that must not get through, written for a deal that has moved nowhere or anywhere."""

from uuid import UUID

import asyncpg

from app.core.database import new_id

NEW_EVENT = """
    INSERT INTO events (organization_id, id, type, subject_type, subject_id, sequence, occurred_at, body)
    VALUES ($1, $2, 'opportunity.stage_changed', 'opportunity', $3, {sequence}, now(), '{{}}')
"""
NEW_TRANSITION = """
    INSERT INTO stage_transitions (organization_id, id, opportunity_id, from_stage, to_stage, step, kind, outcome,
        record_version, event_id, sequence, occurred_at, seconds_in_from_stage)
    VALUES ($1, $2, $3, 'prospecting', 'qualification', 'qualification', 'forward', 'open', 2, $2, 2, now(), 0)
"""
FORBIDDEN = {
    "a stage without its transition": "UPDATE opportunities SET stage = 'closing', version = version + 1 WHERE id = $3",
    "an outcome without its transition": (
        "UPDATE opportunities SET outcome = 'won', closed_at = now(), version = version + 1 WHERE id = $3"
    ),
    "a change without a version": "UPDATE opportunities SET name = 'x' WHERE id = $3",
    "a skipped version": "UPDATE opportunities SET name = 'x', version = version + 2 WHERE id = $3",
    "a transition without its event": NEW_TRANSITION,
    "a stage event without its transition": NEW_EVENT.format(sequence=2),
    "a doubled number": NEW_EVENT.format(sequence=1).replace("stage_changed", "updated"),
    "a number that was not given": NEW_EVENT.format(sequence=2).replace("stage_changed", "updated"),
    "a number given without an event": "UPDATE subjects SET last_sequence = last_sequence + 1 WHERE id = $3",
    "a skipped number": "UPDATE subjects SET last_sequence = last_sequence + 2 WHERE id = $3",
    "a number taken back": "UPDATE subjects SET last_sequence = 0 WHERE id = $3",
    "a changed event": "UPDATE events SET body = '{}' WHERE subject_id = $3",
    "a deleted event": "DELETE FROM events WHERE subject_id = $3",
    "a truncated ledger": "TRUNCATE stage_transitions",
    "a changed pipeline version": "UPDATE pipeline_versions SET definition = '{}'",
}
REFUSALS = (asyncpg.RestrictViolationError, asyncpg.UniqueViolationError, asyncpg.InsufficientPrivilegeError)


async def run_forbidden(connection: asyncpg.Connection, statement: str, organization_id: str, deal_id: str) -> None:
    """Run it in a transaction of its own and commit; `$1` is the organization, `$2` a new id, `$3` the deal."""
    values = (UUID(organization_id), new_id(), UUID(deal_id))
    needed = [number for number in (1, 2, 3) if f"${number}" in statement]
    for position, number in enumerate(needed, 1):
        statement = statement.replace(f"${number}", f"${position}")
    async with connection.transaction():
        await connection.execute("SELECT set_config('app.organization_id', $1, true)", organization_id)
        await connection.execute(statement, *(values[number - 1] for number in needed))
