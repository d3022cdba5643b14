"""A target with its allocations is one aggregate: both are written under its lock, each change with its event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.core.changes import before
from app.core.database import Row, Transaction
from app.core.problems import NotFound
from app.outbox.event import Event, Routing, Subject
from app.outbox.record import lock, record
from app.team_targets import queries
from app.team_targets.authority import demand_visible
from app.team_targets.schemas import AllocatedTeamTarget, in_unit


@dataclass(frozen=True, slots=True)
class Target:
    """A locked target with its allocations."""

    subject: Subject
    row: Row
    allocations: list[Row]

    @property
    def id(self) -> UUID:
        return self.subject.id

    @property
    def payload(self) -> dict[str, Any]:
        """The target as events carry it."""
        return payload_of(self.row, self.allocations)


async def lock_target(tx: Transaction, target_id: UUID) -> Target:
    """Lock a target and read it; raises `NotFound` beyond the caller's reach."""
    subject = await lock(tx, target_id)
    row = await read_target(tx, target_id)
    if subject is None:
        raise NotFound
    allocations = await tx.fetch_all(queries.find_allocations, target_id=target_id)
    return Target(subject, row, allocations)


async def read_target(tx: Transaction, target_id: UUID) -> Row:
    """Read a target without locking it; raises `NotFound` beyond the caller's reach."""
    return demand_visible(tx.caller, await tx.fetch_one(queries.find_target, id=target_id))


async def publish(tx: Transaction, event_type: str, target: Target, old: Mapping[str, Any] | None = None) -> None:
    """Record an event of the target; `old` is its payload before the change."""
    new = target.payload
    routing = Routing(team_id=target.row["team_id"], owner_id=target.row["user_id"])
    event = Event(event_type, new, before=before(old, new) if old is not None else {}, routing=routing)
    await record(tx, target.subject, event)


def payload_of(row: Row, allocations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """A target and its allocations as events carry them."""
    shares = [dict(each) | {"value": in_unit(each["value"], row["currency"])} for each in allocations]
    return AllocatedTeamTarget.model_validate({**row, "allocations": shares}).model_dump(mode="json")
