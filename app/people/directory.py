"""Finding organizations and people for commands, which act for the operator of the service."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.caller import Caller
from app.core.database import Database, Statement, new_id
from app.people.api_key import ApiKey
from app.people.organizations import insert_user, issue_key
from app.people.permissions import Position
from app.people.scoping import in_organization
from app.people.tables import organizations, users

_list_organizations = Statement(
    sa.select(organizations.c.id, organizations.c.name).order_by(organizations.c.created_at)
)
_find_user = Statement(
    sa.select(users.c.id)
    .where(in_organization(users), users.c.position == bindparam("position"), users.c.is_active)
    .order_by(users.c.created_at, users.c.id)
    .limit(1)
)
_take_turn = Statement(
    sa.select(organizations.c.id)
    .where(organizations.c.id == bindparam("organization_id", type_=sa.Uuid))
    .with_for_update(key_share=True)
)


class NoSuchOrganization(LookupError):
    """There is no organization to act for, or more than one and none was named."""


async def list_organizations(worker_database: Database) -> dict[UUID, str]:
    """Every organization's name by its id, oldest first; needs the worker's role."""
    async with worker_database.begin_for_all() as tx:
        return {row["id"]: row["name"] for row in await tx.fetch_all(_list_organizations)}


async def choose_organization(worker_database: Database, wanted: UUID | None) -> UUID:
    """The wanted organization, or the only one; raises `NoSuchOrganization`."""
    known = await list_organizations(worker_database)
    if wanted is not None and wanted in known:
        return wanted
    if wanted is not None:
        raise NoSuchOrganization(f"there is no organization {wanted}")
    if len(known) == 1:
        return next(iter(known))
    listed = ", ".join(f"{organization_id} ({name})" for organization_id, name in known.items())
    raise NoSuchOrganization(f"name one organization: {listed}" if known else "there is no organization yet")


async def find_user(database: Database, organization_id: UUID, position: Position) -> UUID | None:
    """The first active user in a position."""
    async with database.begin(Caller.system(organization_id)) as tx:
        user_id: UUID | None = await tx.fetch_value(_find_user, position=position)
        return user_id


async def key_for_position(database: Database, organization_id: UUID, position: Position) -> ApiKey:
    """A new key of the first active user in the position; the user is made when there is none."""
    async with database.begin(Caller.system(organization_id)) as tx:
        await tx.fetch_value(_take_turn)  # of two who find nobody, both would make the user
        user_id = await tx.fetch_value(_find_user, position=position)
        if user_id is None:
            user_id = new_id()
            await tx.execute(
                insert_user,
                id=user_id,
                name=position.replace("_", " ").title(),
                email=f"{position}@example.com",
                position=position,
                team_id=None,
                external_id=None,
            )
        return await issue_key(tx, user_id, "made by the command line")
