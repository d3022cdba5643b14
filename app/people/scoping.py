"""The first wall between organizations and teams: the WHERE clause of every read."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ColumnElement


def in_organization(table: sa.FromClause) -> ColumnElement[bool]:
    """Rows of the organization given as `organization_id`."""
    clause: ColumnElement[bool] = table.c.organization_id == bindparam("organization_id", type_=sa.Uuid)
    return clause


def within_reach(table: sa.FromClause) -> ColumnElement[bool]:
    """Rows (with `owner_id` and `team_id`) within the reach that `permissions.scope` gives as parameters."""
    owner: ColumnElement[Any] = table.c.owner_id
    team: ColumnElement[Any] = table.c.team_id
    return sa.and_(
        in_organization(table),
        sa.or_(
            bindparam("reach_all", type_=sa.Boolean),
            owner == bindparam("reach_user_id", type_=sa.Uuid),
            team == sa.any_(bindparam("reach_team_ids", type_=sa.ARRAY(sa.Uuid))),
        ),
    )
