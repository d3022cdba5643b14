"""The caller that a user is: position, team and the teams below it, as they are now."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.caller import Caller
from app.core.database import Database, Statement
from app.core.problems import Unauthenticated
from app.people.scopes import ALL_SCOPES
from app.people.scoping import in_organization
from app.people.tables import teams, users

_below = (
    sa.select(teams.c.id).where(in_organization(teams), teams.c.id == bindparam("team_id")).cte("below", recursive=True)
)
_below = _below.union(
    sa.select(teams.c.id).join(_below, teams.c.parent_id == _below.c.id).where(in_organization(teams))
)
_find_teams = Statement(sa.select(_below.c.id))

_find_user = Statement(
    sa.select(users.c.id, users.c.position, users.c.team_id).where(
        in_organization(users), users.c.id == bindparam("id"), users.c.is_active
    )
)


async def load_caller(
    database: Database,
    organization_id: UUID,
    user_id: UUID,
    scopes: tuple[str, ...] = ALL_SCOPES,
    credential_id: str = "",
) -> Caller:
    """The caller that a user is, without a credential all of what the position may.

    Raises `Unauthenticated` when the user is gone or inactive.
    """
    async with database.look(Caller.system(organization_id)) as tx:
        user = await tx.fetch_one(_find_user, id=user_id)
        if user is None:
            raise Unauthenticated(is_invalid=True)
        below = await tx.fetch_all(_find_teams, team_id=user["team_id"])
    team_ids = tuple(row["id"] for row in below)
    return Caller(organization_id, user_id, user["position"], user["team_id"], team_ids, scopes, credential_id)
