"""Planning, holding, changing and completing activities, each with its event."""

from datetime import datetime
from typing import Any
from uuid import UUID

from app.activities import queries
from app.activities.aggregate import Aggregate, aggregate_id, lock_named, lock_of, publish
from app.activities.kinds import ActivityStatus
from app.activities.problems import ActivityCompleted
from app.activities.schemas import ActivityCompletion, ActivityCreate
from app.core.changes import before
from app.core.database import Row, Transaction, new_id
from app.core.problems import Forbidden, Invalid
from app.core.resource import check_version
from app.core.routing import LostRace
from app.people.assignment import owned, reassigned
from app.people.permissions import demand_record, is_within

READ, WRITE = "activities.read", "activities.write"


async def add(tx: Transaction, body: ActivityCreate) -> Row:
    """Write a new activity, planned or held already.

    Raises `Invalid` for what it may not be about, `Forbidden` for an owner beyond the caller's reach, and a
    `Conflict` when nothing new may happen to the record it is about.
    """
    fields = body.model_dump() | {"held_at": _held_at(tx.now(), body.status, body.held_at)}
    aggregate = await lock_named(tx, fields)
    aggregate.demand_open()
    values = await owned(tx, WRITE, fields)
    row = await tx.fetch_row(queries.insert_activity, id=new_id(), **values)
    await publish(tx, aggregate, "activity.created", row, {})
    if row["status"] == ActivityStatus.HELD:
        await publish(tx, aggregate, "activity.completed", row, {})
    return row


async def change(tx: Transaction, activity_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the given fields; raises `NotFound`, `Forbidden`, `Invalid`, and `PreconditionFailed` when stale."""
    aggregate, old = await _lock(tx, activity_id, expected)
    values = await reassigned(tx, old, changes)
    if not is_within(tx.caller, READ, {**old, **values}):
        raise Forbidden("You may not give this activity to somebody beyond your reach.")
    return await _write(tx, aggregate, old, values, "activity.updated")


async def complete(tx: Transaction, activity_id: UUID, body: ActivityCompletion, expected: int | None) -> Row:
    """Record what became of a planned activity; raises `ActivityCompleted` when that was done before."""
    held_at = _held_at(tx.now(), body.status, body.held_at)
    aggregate, old = await _lock(tx, activity_id, expected)
    if old["status"] != ActivityStatus.PLANNED:
        raise ActivityCompleted
    values = body.model_dump(exclude_none=True) | {"held_at": held_at}
    return await _write(tx, aggregate, old, values, "activity.completed")


async def _lock(tx: Transaction, activity_id: UUID, expected: int | None) -> tuple[Aggregate, Row]:
    unlocked = await tx.fetch_one(queries.find_activity, id=activity_id)
    aggregate = await lock_of(tx, demand_record(tx.caller, READ, None, unlocked))
    row = await tx.fetch_row(queries.find_activity, id=activity_id)
    if aggregate_id(row) != aggregate.subject.id:  # its lead was converted meanwhile: it is the deal's now
        raise LostRace
    demand_record(tx.caller, READ, WRITE, row)
    check_version(row, expected)
    return aggregate, row


async def _write(tx: Transaction, aggregate: Aggregate, old: Row, values: dict[str, Any], event_type: str) -> Row:
    new = await tx.fetch_row(queries.update_activity.of(values), id=old["id"], **values)
    await publish(tx, aggregate, event_type, new, before(old, new))
    return new


def _held_at(now: datetime, status: str, given: datetime | None) -> datetime | None:
    if status != ActivityStatus.HELD:
        if given is not None:
            raise Invalid.at("/held_at", "not_held", "Only a held activity has a time at which it was held.")
        return None
    if given is not None and given > now:
        raise Invalid.at("/held_at", "in_the_future", "What was held was held in the past.")
    return given or now
