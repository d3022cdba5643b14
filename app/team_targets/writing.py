"""Setting, changing and deleting targets, each with its event."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction, new_id
from app.core.problems import Invalid
from app.core.resource import check_version
from app.outbox.record import start
from app.team_targets import queries
from app.team_targets.aggregate import Target, lock_target, publish
from app.team_targets.authority import demand_settable
from app.team_targets.periods import dates_of
from app.team_targets.tables import Metric


async def set_target(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write a new target; raises `Forbidden`, and `Invalid` for a unit or a person that does not fit."""
    demand_settable(tx.caller, fields)
    _check_unit(fields["metric"], fields["currency"])
    check_value(fields["target_value"], fields["currency"], "/target_value")
    await _check_member(tx, fields["team_id"], fields["user_id"])
    dates = dates_of(fields["period"], await tx.fetch_value(queries.find_fiscal_year_start_month))
    target_id = new_id()
    subject = await start(tx, "team_target", target_id)
    row = await tx.fetch_row(
        queries.insert_target, id=target_id, starts_on=dates.starts_on, ends_on=dates.ends_on, **fields
    )
    await publish(tx, "team_target.set", Target(subject, row, []))
    return row


async def change_target(tx: Transaction, target_id: UUID, target_value: Decimal, expected: int | None) -> Row:
    """Change the value; raises `NotFound`, `Forbidden`, `Invalid`, and `PreconditionFailed` when stale."""
    target = await lock_target(tx, target_id)
    demand_settable(tx.caller, target.row)
    check_version(target.row, expected)
    check_value(target_value, target.row["currency"], "/target_value")
    changes = {"target_value": target_value}
    row = await tx.fetch_row(queries.update_target.of(changes), id=target_id, **changes)
    await publish(tx, "team_target.changed", Target(target.subject, row, target.allocations), target.payload)
    return row


async def delete_target(tx: Transaction, target_id: UUID, expected: int | None) -> None:
    """Delete a target with its allocations; raises `NotFound`, `Forbidden`, and `PreconditionFailed` when stale."""
    target = await lock_target(tx, target_id)
    demand_settable(tx.caller, target.row)
    check_version(target.row, expected)
    await tx.execute(queries.delete_allocations, target_id=target_id)
    await tx.execute(queries.delete_target, id=target_id)
    await publish(tx, "team_target.deleted", target)


def check_value(value: Decimal, currency: str | None, pointer: str) -> None:
    """Raise `Invalid` at the pointer when a count is not a whole number."""
    if currency is None and value != value.to_integral_value():
        raise Invalid.at(pointer, "not_whole", "A count is a whole number.")


def _check_unit(metric: Metric, currency: str | None) -> None:
    if metric is Metric.REVENUE_WON and currency is None:
        raise Invalid.at("/currency", "missing", "A target of revenue needs a currency.")
    if metric is not Metric.REVENUE_WON and currency is not None:
        raise Invalid.at("/currency", "not_allowed", "A count has no currency.")


async def _check_member(tx: Transaction, team_id: UUID, user_id: UUID | None) -> None:
    if user_id is None:
        return
    members = {row["id"] for row in await tx.fetch_all(queries.find_members, team_id=team_id)}
    if user_id not in members:
        raise Invalid.at("/user_id", "unknown_reference", "There is no such active member of this team.")
