"""Recording what happened, in the transaction that makes it happen.

The order is always: lock the subject, read, decide, write, record. Nothing is written before the lock: a transaction
that took its id earlier than the lock could show its events in the feed before older ones of the same subject.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert

from app.core.caller import Caller
from app.core.database import Row, Statement, Transaction, new_id
from app.core.kept_answers import NOT_REFUSED
from app.core.routing import LostRace
from app.outbox.event import Event, Subject, render
from app.outbox.tables import events, subjects


# The row's own lock is not enough: when several wait for it, Postgres gives some their transaction id before they get
# the row, and they overtake each other. Whoever has passed the gate finds the row free, and takes its id after that.
def _pass(subject_id: sa.ColumnElement[UUID]) -> sa.ColumnElement[Any]:
    return sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.cast(subject_id, sa.Text), 0))


_id = bindparam("id", type_=sa.Uuid)
_gate = sa.select(_id.label("id"), _pass(_id)).cte("gate").prefix_with("MATERIALIZED")
_pass_gates = Statement(sa.select(_pass(sa.func.unnest(bindparam("ids", type_=sa.ARRAY(sa.Uuid))).column_valued("id"))))
_locked = (
    sa.select(subjects.c.type, subjects.c.last_sequence)
    .where(subjects.c.organization_id == bindparam("organization_id"), subjects.c.id == _gate.c.id)
    .with_for_update()
    .lateral("locked")
)
_lock = Statement(sa.select(_locked.c.type, _locked.c.last_sequence).select_from(_gate.join(_locked, sa.true())))
_lock_all = Statement(
    sa.select(subjects.c.id, subjects.c.type, subjects.c.last_sequence)
    .where(
        subjects.c.organization_id == bindparam("organization_id"),
        subjects.c.id == sa.any_(bindparam("ids", type_=sa.ARRAY(sa.Uuid))),
    )
    .with_for_update()
)

_started = insert(subjects).values(
    organization_id=bindparam("organization_id"), id=bindparam("id"), type=bindparam("type"), last_sequence=0
)
_start = Statement(_started)

_is_here = (subjects.c.organization_id == bindparam("organization_id"), subjects.c.id == bindparam("subject_id"))

_advanced = (
    sa.update(subjects)
    .where(*_is_here, subjects.c.last_sequence == bindparam("last_sequence", type_=sa.BigInteger))
    .values(last_sequence=bindparam("sequence", type_=sa.BigInteger), last_event_id=bindparam("id", type_=sa.Uuid))
    .returning(subjects.c.organization_id)
    .cte("advanced")
)

_COLUMNS = [column for column in events.c if column.name not in {"xid", "organization_id"}]

_recorded = (
    insert(events)
    .from_select(
        ["organization_id", *(column.name for column in _COLUMNS)],
        sa.select(_advanced.c.organization_id, *(bindparam(each.name, type_=each.type) for each in _COLUMNS)),
    )
    .returning(events.c.id)
)
_record = Statement(_recorded)

recorded = _recorded.cte("recorded")
"""For a statement that writes more beside the event: its id, or nothing when the race for its number is lost."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is about to be recorded, with the subject as it will be then."""

    subject: Subject
    event_id: UUID
    parameters: dict[str, object]


async def start(tx: Transaction, subject_type: str, subject_id: UUID) -> Subject:
    """The subject of a record that is being created; its first event will be number 1."""
    await tx.execute(_start, id=subject_id, type=subject_type)
    return Subject(subject_type, subject_id, 0)


def starting(inserted: ReturningInsert[Any]) -> Statement:
    """A record's row and its subject in one statement: the parameters are the row's, and `subject_type`."""
    subject = _started.values(type=bindparam("subject_type", type_=sa.Text)).cte("started")
    return Statement(inserted.add_cte(subject))


async def start_with(tx: Transaction, statement: Statement, subject: Subject, row: Mapping[str, object]) -> Row:
    """Write a new record by a statement of `starting`; its subject's first event will be number 1."""
    return await tx.fetch_row(statement, **row, id=subject.id, subject_type=subject.type)


async def pass_gates(tx: Transaction, *subject_ids: UUID) -> None:
    """Wait for several subjects before the first of them is locked, which gives the transaction its id."""
    if subject_ids:  # in one order, so that no two wait for each other
        await tx.execute(_pass_gates, ids=sorted(subject_ids))


async def lock(tx: Transaction, subject_id: UUID) -> Subject | None:
    """Take the aggregate's lock until the end of the transaction; nothing when there is no such subject."""
    row = await tx.fetch_one(_lock, id=subject_id)
    return None if row is None else Subject(row["type"], subject_id, row["last_sequence"])


def locking(caller: Caller, subject_id: UUID) -> str:
    """SQL that does what `lock` does, to be sent with BEGIN; it waits for nothing where a key was refused."""
    here = f"organization_id = '{caller.organization_id}' AND id = '{subject_id}'"
    return (
        f"SELECT pg_advisory_xact_lock(hashtextextended('{subject_id}', 0)) WHERE {NOT_REFUSED}; "  # noqa: S608 # ids
        f"SELECT FROM subjects WHERE {here} AND {NOT_REFUSED} FOR UPDATE"
    )


async def lock_all(tx: Transaction, subject_ids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Take the locks of several aggregates; those that there are, by id."""
    await pass_gates(tx, *subject_ids)
    rows = await tx.fetch_all(_lock_all, ids=list(subject_ids))
    return {row["id"]: Subject(row["type"], row["id"], row["last_sequence"]) for row in rows}


async def record(tx: Transaction, subject: Subject, event: Event) -> tuple[Subject, UUID]:
    """Write the event with the subject's next number; gives the advanced subject and the event's id.

    Raises `LostRace` when the subject has moved on since it was read.
    """
    drafted = draft(tx, subject, event)
    await record_with(tx, _record, drafted)
    return drafted.subject, drafted.event_id


def draft(tx: Transaction, subject: Subject, event: Event) -> Draft:
    """The event with the subject's next number, rendered and not yet written."""
    advanced = Subject(subject.type, subject.id, subject.last_sequence + 1)
    event_id, occurred_at = new_id(), event.occurred_at or tx.now()
    body = render(event, event_id, occurred_at, advanced, tx.caller)
    parameters: dict[str, object] = {
        "last_sequence": subject.last_sequence,
        "id": event_id,
        "type": event.type,
        "subject_type": subject.type,
        "subject_id": subject.id,
        "sequence": advanced.last_sequence,
        "occurred_at": occurred_at,
        "pipeline_id": event.routing.pipeline_id,
        "step": event.routing.step,
        "team_id": event.routing.team_id,
        "owner_id": event.routing.owner_id,
        "body": body,
    }
    return Draft(advanced, event_id, parameters)


async def record_with(tx: Transaction, statement: Statement, drafted: Draft, **parameters: object) -> Row:
    """Write the event by a statement that has `recorded` in it; gives its row, and raises `LostRace` without one."""
    written = await tx.fetch_one(statement, **drafted.parameters, **parameters)
    if written is None:
        raise LostRace
    tx.has_events = True
    return written
