"""Changing who works where: users, teams and the organization itself, one change of an organization at a time.

The organization's row is the lock: two changes that are each fine alone can together close a circle of teams or
remove the last manager of operations.
"""

from typing import Any
from uuid import UUID

from app.core.database import Row, Transaction, new_id
from app.core.problems import Conflict, Invalid, NotFound
from app.core.resource import check_version
from app.people import queries
from app.people.api_key import ApiKey
from app.people.organizations import insert_user, issue_key
from app.people.permissions import Position, demand_found
from app.people.scopes import demand_no_more


class TeamCycle(Conflict):
    """A team cannot stand below itself."""

    remedy = "Choose a parent that does not stand below the team."


class LastOperationsManager(Conflict):
    """Somebody must remain who may manage people: this is the last active manager of operations."""

    remedy = "Give another active user the position first."


async def change_organization(tx: Transaction, changes: dict[str, Any], expected: int | None) -> Row:
    """Change the organization's own fields; raises `PreconditionFailed` when stale."""
    row = await tx.fetch_row(queries.lock_organization)
    check_version(row, expected)
    values = {name: changes.get(name, row[name]) for name in queries.CHANGEABLE}
    return await tx.fetch_row(queries.update_organization, **values)


async def hire(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write a new, active user."""
    return await tx.fetch_row(insert_user, id=new_id(), **fields)


async def change_user(tx: Transaction, user_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change a user; raises `NotFound`, `PreconditionFailed` and `LastOperationsManager`."""
    await tx.fetch_row(queries.lock_organization)
    old = await tx.fetch_one(queries.find_user, id=user_id)
    if old is None:
        raise NotFound
    check_version(old, expected)
    leaves = _runs_operations(old) and not _runs_operations({**old, **changes})
    if leaves and await tx.fetch_one(queries.find_other_operations_manager, id=user_id) is None:
        raise LastOperationsManager
    return await tx.fetch_row(queries.update_user.of(changes), id=user_id, **changes)


async def create_team(tx: Transaction, fields: dict[str, Any]) -> Row:
    """Write a new team; raises `Invalid` for a manager who is not an active user."""
    await _demand_active(tx, fields["manager_id"], "/manager_id")
    return await tx.fetch_row(queries.insert_team, id=new_id(), **fields)


async def change_team(tx: Transaction, team_id: UUID, changes: dict[str, Any], expected: int | None) -> Row:
    """Change a team; raises `NotFound`, `PreconditionFailed`, `Invalid` and `TeamCycle`."""
    await tx.fetch_row(queries.lock_organization)
    old = await tx.fetch_one(queries.find_team, id=team_id)
    if old is None:
        raise NotFound
    check_version(old, expected)
    await _demand_active(tx, changes.get("manager_id"), "/manager_id")
    parent_id = changes.get("parent_id")
    if parent_id is not None and await tx.fetch_one(queries.find_above, parent_id=parent_id, id=team_id):
        raise TeamCycle
    return await tx.fetch_row(queries.update_team.of(changes), id=team_id, **changes)


async def give_key(tx: Transaction, fields: dict[str, Any]) -> tuple[ApiKey, Row]:
    """Make a key for an active user, with no more scopes than the caller's own credential has.

    Raises `Invalid` and `InsufficientScope`.
    """
    scopes = sorted(set(fields["scopes"] or tx.caller.scopes))
    demand_no_more(tx.caller, scopes)
    await _demand_active(tx, fields["user_id"], "/user_id")
    key = await issue_key(tx, fields["user_id"], fields["name"], fields["expires_at"], scopes)
    return key, await tx.fetch_row(queries.find_key, id=key.id)


async def revoke_key(tx: Transaction, key_id: str, expected: int | None) -> None:
    """Let a key act no more; raises `NotFound` and `PreconditionFailed`."""
    check_version(demand_found(await tx.fetch_one(queries.lock_key, id=key_id)), expected)
    await tx.execute(queries.revoke_key, id=key_id)


async def _demand_active(tx: Transaction, user_id: UUID | None, pointer: str) -> None:
    if user_id is None:
        return
    row = await tx.fetch_one(queries.find_user, id=user_id)
    if row is None or not row["is_active"]:
        raise Invalid.at(pointer, "unknown_reference", "There is no such active user.")


def _runs_operations(user: Any) -> bool:
    return bool(user["is_active"]) and user["position"] == Position.SALES_OPERATIONS_MANAGER
