"""People of an organization as the callers that they would be, with the teams below their own."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.caller import Caller
from app.core.database import Row, Statement, Transaction
from app.people.scopes import ALL_SCOPES
from app.people.scoping import in_organization
from app.people.tables import teams, users

_MOST = 50

_below = sa.select(teams.c.id.label("root"), teams.c.id).where(in_organization(teams)).cte("below", recursive=True)
_below = _below.union(
    sa.select(_below.c.root, teams.c.id).join(_below, teams.c.parent_id == _below.c.id).where(in_organization(teams))
)
_team_ids = sa.func.array(sa.select(_below.c.id).where(_below.c.root == users.c.team_id).scalar_subquery())
_people = sa.select(users.c.id, users.c.name, users.c.position, users.c.team_id, _team_ids.label("team_ids")).where(
    in_organization(users), users.c.is_active
)
_find = Statement(_people.where(users.c.id == bindparam("id")))


def _any(name: str) -> sa.ColumnElement[Any]:
    return sa.any_(bindparam(name, type_=sa.ARRAY(sa.Text)))


_find_near = Statement(
    _people.where(
        sa.or_(
            users.c.position == _any("everywhere"),
            sa.and_(
                users.c.position == _any("nearby"),
                sa.or_(
                    users.c.id == bindparam("owner_id", type_=sa.Uuid),
                    sa.exists().where(
                        _below.c.root == users.c.team_id, _below.c.id == bindparam("team_id", type_=sa.Uuid)
                    ),
                ),
            ),
        )
    )
    .order_by(users.c.name, users.c.id)
    .limit(_MOST)
)


async def find_colleague(tx: Transaction, user_id: UUID) -> Row | None:
    """An active user with `team_ids`, the own team and all below it."""
    return await tx.fetch_one(_find, id=user_id)


async def find_near(
    tx: Transaction, everywhere: Sequence[str], nearby: Sequence[str], owner_id: UUID | None, team_id: UUID | None
) -> list[Row]:
    """Active users in one of the positions `everywhere`, or in one `nearby` who own the record or stand above its team.

    The first fifty by name, as `find_colleague` gives them.
    """
    return await tx.fetch_all(
        _find_near, everywhere=list(everywhere), nearby=list(nearby), owner_id=owner_id, team_id=team_id
    )


def as_caller(organization_id: UUID, person: Row) -> Caller:
    """The caller that a colleague is, with whatever credential; their own may be given less."""
    team_ids = tuple(person["team_ids"])
    return Caller(organization_id, person["id"], person["position"], person["team_id"], team_ids, ALL_SCOPES)
