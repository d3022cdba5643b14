"""Whom a record may be given to, and which team it then counts for."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement, Transaction
from app.core.problems import Forbidden, Invalid
from app.people.permissions import is_within
from app.people.scoping import in_organization
from app.people.tables import users

_find_owner = Statement(
    sa.select(users.c.team_id, users.c.position, users.c.is_active).where(
        in_organization(users), users.c.id == bindparam("id")
    )
)


async def owned(tx: Transaction, action: str, fields: dict[str, Any]) -> dict[str, Any]:
    """A new record's fields with `owner_id` (absent: the caller) and the owner's `team_id`.

    Raises `Invalid` for an unknown or inactive owner, `Forbidden` when the record would be beyond the caller's reach.
    """
    owner_id = fields.get("owner_id") or tx.caller.user_id
    given = fields | {"owner_id": owner_id, "team_id": await team_of(tx, owner_id)}
    if not is_within(tx.caller, action, given):
        raise Forbidden("You may not make records for this owner.")
    return given


async def reassigned(
    tx: Transaction,
    record: Mapping[str, Any],
    changes: dict[str, Any],
) -> dict[str, Any]:
    """Changes with the new owner's `team_id`, when they name an owner; the record stays in the organization."""
    owner_id = changes.get("owner_id", record["owner_id"])
    if owner_id == record["owner_id"]:
        return changes
    return changes | {"team_id": await team_of(tx, owner_id)}


async def team_of(tx: Transaction, owner_id: UUID) -> UUID | None:
    """The team of an active user; raises `Invalid` at `/owner_id`."""
    if owner_id == tx.caller.user_id:
        return tx.caller.team_id
    row = await tx.fetch_one(_find_owner, id=owner_id)
    if row is None or not row["is_active"]:
        raise Invalid.at("/owner_id", "unknown_reference", "There is no such active user.")
    team_id: UUID | None = row["team_id"]
    return team_id
