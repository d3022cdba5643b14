"""The first wall between organizations and teams: the WHERE clause of every read."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import bindparam
from sqlalchemy.sql.elements import ColumnElement


def in_organization(table: sa.FromClause) -> ColumnElement[bool]:
    """Rows of the organization given as `organization_id`."""
    clause: ColumnElement[bool] = table.c.organization_id == bindparam("organization_id", type_=sa.Uuid)
    return clause


def within_reach(table: sa.FromClause, *, of: str = "") -> ColumnElement[bool]:
    """Rows (with `owner_id` and `team_id`) within the reach that `permissions.scope` gives as parameters.

    A statement with several reaches tells them apart by what its parameters' names begin with, `of`.
    """
    owner: ColumnElement[Any] = table.c.owner_id
    team: ColumnElement[Any] = table.c.team_id
    return sa.and_(
        in_organization(table),
        sa.or_(
            bindparam(f"{of}reach_all", type_=sa.Boolean),
            owner == bindparam(f"{of}reach_user_id", type_=sa.Uuid),
            team == sa.any_(bindparam(f"{of}reach_team_ids", type_=sa.ARRAY(sa.Uuid))),
        ),
    )


def select_above(table: sa.FromClause) -> sa.Select[Any]:
    """The row `id` of a tree, if it is the row `parent_id` or stands above it."""
    above = (
        sa.select(table.c.id, table.c.parent_id)
        .where(in_organization(table), table.c.id == bindparam("parent_id", type_=sa.Uuid))
        .cte("above", recursive=True)
    )
    above = above.union(
        sa.select(table.c.id, table.c.parent_id)
        .join(above, table.c.id == above.c.parent_id)
        .where(in_organization(table))
    )
    return sa.select(above.c.id).where(above.c.id == bindparam("id", type_=sa.Uuid))
