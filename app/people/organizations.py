"""Organizations with their first user, and the keys that users act with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam
from sqlalchemy.dialects.postgresql import insert

from app.core.database import Statement, Transaction, new_id
from app.core.writes import insert_row
from app.people.api_key import ApiKey
from app.people.permissions import Position
from app.people.scopes import ALL_SCOPES
from app.people.tables import api_keys, organizations, users

_insert_organization = Statement(
    insert(organizations).values(id=bindparam("id"), name=bindparam("name"), currency=bindparam("currency"))
)
insert_user = insert_row(users, without=frozenset({"is_active"}))
insert_key = Statement(
    insert(api_keys)
    .values(
        organization_id=bindparam("organization_id"),
        id=bindparam("id"),
        user_id=bindparam("user_id"),
        name=bindparam("name"),
        secret_sha256=bindparam("secret_sha256"),
        expires_at=bindparam("expires_at"),
        scopes=bindparam("scopes"),
    )
    .returning(api_keys)
)


@dataclass(frozen=True, slots=True)
class Founded:
    """A new organization; the key's secret exists here and nowhere else."""

    organization_id: UUID
    user_id: UUID
    key: ApiKey


async def found(tx: Transaction, name: str, currency: str = "USD") -> Founded:
    """Write the organization that `tx` was begun for, with a manager of operations."""
    organization_id = tx.caller.organization_id
    await tx.execute(_insert_organization, id=organization_id, name=name, currency=currency)
    user_id = new_id()
    await tx.execute(
        insert_user,
        id=user_id,
        name="Sales Operations",
        email="operations@example.com",
        position=Position.SALES_OPERATIONS_MANAGER,
        team_id=None,
        external_id=None,
    )
    key = await issue_key(tx, user_id, "first key")
    return Founded(organization_id, user_id, key)


async def issue_key(
    tx: Transaction,
    user_id: UUID,
    name: str,
    expires_at: datetime | None = None,
    scopes: Sequence[str] = ALL_SCOPES,
) -> ApiKey:
    """Make a key that acts as the user; without `expires_at` it never expires."""
    key = ApiKey.generate()
    await tx.execute(
        insert_key,
        id=key.id,
        user_id=user_id,
        name=name,
        secret_sha256=key.secret_sha256,
        expires_at=expires_at,
        scopes=list(scopes),
    )
    return key
