"""Allocating a team's target to its members and to the teams directly below it."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction, new_id
from app.core.problems import Conflict, Forbidden, Invalid
from app.core.resource import check_version
from app.team_targets import queries
from app.team_targets.aggregate import Target, lock_target, publish, read_target
from app.team_targets.authority import may_set
from app.team_targets.pace import percent
from app.team_targets.schemas import TeamTargetAllocation, TeamTargetAllocations, in_unit
from app.team_targets.writing import check_value

Share = Mapping[str, Any]


class TargetOfPerson(Conflict):
    """A person's target is not allocated any further."""

    remedy = "Allocate the target of the person's team instead."


async def read_allocations(tx: Transaction, target_id: UUID) -> TeamTargetAllocations:
    """How a target is allocated; raises `NotFound` beyond the caller's reach."""
    row = await read_target(tx, target_id)
    return _added_up(row, await tx.fetch_all(queries.find_allocations, target_id=target_id))


async def replace_allocations(
    tx: Transaction, target_id: UUID, shares: Sequence[Share], expected: int | None
) -> TeamTargetAllocations:
    """Replace all allocations of a team's target.

    Raises `NotFound`, `PreconditionFailed`, `TargetOfPerson`, `Forbidden` for a share that the caller may not set, and
    `Invalid` for anybody but members and direct child teams.
    """
    target = await lock_target(tx, target_id)
    check_version(target.row, expected)
    if target.row["user_id"] is not None:
        raise TargetOfPerson
    if not all(may_set(tx.caller, each) for each in _changed(target, shares)):
        raise Forbidden("You may not set every one of these shares.")
    await _check_shares(tx, target.row, shares)
    await tx.execute(queries.delete_allocations, target_id=target_id)
    values = [{**each, "id": new_id(), "target_id": target_id} for each in shares]
    await tx.execute_many(
        queries.insert_allocation, [{"organization_id": tx.caller.organization_id, **each} for each in values]
    )
    row = await tx.fetch_row(queries.update_target.of({}), id=target_id)
    allocations = await tx.fetch_all(queries.find_allocations, target_id=target_id)
    await publish(tx, "team_target.changed", Target(target.subject, row, allocations), target.payload)
    return _added_up(row, allocations)


def _changed(target: Target, shares: Sequence[Share]) -> Iterator[dict[str, Any]]:
    """The shares that differ from before, each as the target that it is for its team or member."""
    old, new = (
        {(each["user_id"], each["team_id"], each["value"]) for each in side} for side in (target.allocations, shares)
    )
    for user_id, team_id, _ in old ^ new:
        yield {"user_id": user_id, "team_id": team_id or target.row["team_id"]}


async def _check_shares(tx: Transaction, target: Row, shares: Sequence[Share]) -> None:
    places = {
        "user_id": {row["id"] for row in await tx.fetch_all(queries.find_members, team_id=target["team_id"])},
        "team_id": {row["id"] for row in await tx.fetch_all(queries.find_child_teams, team_id=target["team_id"])},
    }
    for index, share in enumerate(shares):
        check_value(share["value"], target["currency"], f"/{index}/value")
        name = "user_id" if share["user_id"] is not None else "team_id"
        if share[name] not in places[name]:
            detail = "Allocate to active members of the team and teams directly below it, each once."
            raise Invalid.at(f"/{index}/{name}", "not_allocatable", detail)
        places[name].remove(share[name])


def _added_up(target: Row, allocations: Sequence[Share]) -> TeamTargetAllocations:
    currency, value = target["currency"], target["target_value"]
    total = sum((each["value"] for each in allocations), Decimal(0))
    return TeamTargetAllocations(
        target_id=target["id"],
        version=target["version"],
        target_value=in_unit(value, currency),
        currency=currency,
        allocations=[
            TeamTargetAllocation(
                user_id=each["user_id"], team_id=each["team_id"], value=in_unit(each["value"], currency)
            )
            for each in allocations
        ],
        allocated_total=in_unit(total, currency),
        over_assignment_percent=str(percent(total - value, value)),
    )
