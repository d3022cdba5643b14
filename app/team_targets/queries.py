"""Statements on targets and their allocations."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement
from app.core.pagination import Listing, any_of, at_least, at_most, equals
from app.core.writes import Update, delete_row, find_row, insert_row
from app.people.scoping import in_organization
from app.people.tables import organizations, teams, users
from app.team_targets.tables import team_target_allocations, team_targets

find_target = find_row(team_targets)
insert_target = insert_row(team_targets)
update_target = Update(team_targets)
delete_target = delete_row(team_targets)

_is_visible = sa.or_(
    bindparam("reach_all", type_=sa.Boolean),
    team_targets.c.user_id == bindparam("reach_user_id", type_=sa.Uuid),
    team_targets.c.team_id == sa.any_(bindparam("reach_team_ids", type_=sa.ARRAY(sa.Uuid))),
)

target_listing = Listing(
    base=sa.select(team_targets).where(in_organization(team_targets), _is_visible),
    id_column=team_targets.c.id,
    sorts={"created_at": team_targets.c.created_at, "starts_on": team_targets.c.starts_on},
    filters={
        "team_id": equals(team_targets.c.team_id),
        "user_id": equals(team_targets.c.user_id),
        "metric": any_of(team_targets.c.metric),
        "period": equals(team_targets.c.period),
        "starts_on_gte": at_least(team_targets.c.starts_on),
        "starts_on_lte": at_most(team_targets.c.starts_on),
    },
)

_of_target = (
    in_organization(team_target_allocations),
    team_target_allocations.c.target_id == bindparam("target_id", type_=sa.Uuid),
)
find_allocations = Statement(
    sa.select(team_target_allocations).where(*_of_target).order_by(team_target_allocations.c.id)
)
insert_allocation = insert_row(team_target_allocations)
delete_allocations = Statement(sa.delete(team_target_allocations).where(*_of_target))

_this_organization = organizations.c.id == bindparam("organization_id", type_=sa.Uuid)
_this_team = bindparam("team_id", type_=sa.Uuid)

find_fiscal_year_start_month = Statement(sa.select(organizations.c.fiscal_year_start_month).where(_this_organization))
find_members = Statement(
    sa.select(users.c.id).where(in_organization(users), users.c.team_id == _this_team, users.c.is_active)
)
find_child_teams = Statement(sa.select(teams.c.id).where(in_organization(teams), teams.c.parent_id == _this_team))

_below = sa.select(teams.c.id).where(in_organization(teams), teams.c.id == _this_team).cte("below", recursive=True)
_below = _below.union(
    sa.select(teams.c.id).join(_below, teams.c.parent_id == _below.c.id).where(in_organization(teams))
)
find_time_zone_and_teams = Statement(
    sa.select(
        organizations.c.time_zone, sa.select(sa.func.array_agg(_below.c.id)).scalar_subquery().label("team_ids")
    ).where(_this_organization)
)
