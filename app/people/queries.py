"""Statements on the organization, its users, teams and keys."""

import sqlalchemy as sa
from sqlalchemy import bindparam

from app.core.database import Statement
from app.core.pagination import Listing, any_of, equals
from app.core.writes import Update, find_row, insert_row
from app.people.permissions import Position
from app.people.scoping import in_organization, select_above
from app.people.tables import api_keys, organizations, teams, users

_this_organization = organizations.c.id == bindparam("organization_id", type_=sa.Uuid)
CHANGEABLE = ("name", "time_zone", "fiscal_year_start_month", "currency", "discount_limit_percent")

find_organization = Statement(sa.select(organizations).where(_this_organization))
# leaves foreign keys alone: records of the organization can be written meanwhile
lock_organization = Statement(sa.select(organizations).where(_this_organization).with_for_update(key_share=True))
update_organization = Statement(
    sa.update(organizations)
    .where(_this_organization)
    .values({name: bindparam(name) for name in CHANGEABLE})
    .values(version=organizations.c.version + 1, updated_at=sa.func.now())
    .returning(organizations)
)

find_user = find_row(users)
update_user = Update(users)
find_other_operations_manager = Statement(
    sa.select(users.c.id)
    .where(
        in_organization(users),
        users.c.is_active,
        users.c.position == Position.SALES_OPERATIONS_MANAGER.value,
        users.c.id != bindparam("id", type_=sa.Uuid),
    )
    .limit(1)
)
user_listing = Listing(
    base=sa.select(users).where(in_organization(users)),
    id_column=users.c.id,
    searched=users,
    sorts={"created_at": users.c.created_at, "updated_at": users.c.updated_at, "name": users.c.name},
    filters={
        "position": any_of(users.c.position),
        "team_id": equals(users.c.team_id),
        "is_active": equals(users.c.is_active),
        "external_id": equals(users.c.external_id),
    },
)

find_team = find_row(teams)
insert_team = insert_row(teams)
update_team = Update(teams)
find_above = Statement(select_above(teams))
team_listing = Listing(
    base=sa.select(teams).where(in_organization(teams)),
    id_column=teams.c.id,
    searched=teams,
    sorts={"created_at": teams.c.created_at, "updated_at": teams.c.updated_at, "name": teams.c.name},
    filters={
        "parent_id": equals(teams.c.parent_id),
        "manager_id": equals(teams.c.manager_id),
    },
)

_this_key = (in_organization(api_keys), api_keys.c.id == bindparam("id", type_=sa.Text))
# a key changes when it is rotated, and once when it is revoked: its version follows from that
_key_version = (1 + api_keys.c.rotations + sa.case((api_keys.c.revoked_at.is_(None), 0), else_=1)).label("version")
find_key = Statement(sa.select(api_keys, _key_version).where(*_this_key))
lock_key = Statement(sa.select(api_keys, _key_version).where(*_this_key).with_for_update())
rotate_key = Statement(
    sa.update(api_keys)
    .where(*_this_key)
    .values(
        secret_sha256=bindparam("secret_sha256"),
        old_secret_sha256=bindparam("old_secret_sha256"),
        old_secret_expires_at=bindparam("old_secret_expires_at"),
        rotations=api_keys.c.rotations + 1,
    )
    .returning(api_keys, _key_version)
)
revoke_key = Statement(
    sa.update(api_keys).where(*_this_key).values(revoked_at=sa.func.coalesce(api_keys.c.revoked_at, sa.func.now()))
)
key_listing = Listing(
    base=sa.select(api_keys, _key_version).where(in_organization(api_keys)),
    id_column=api_keys.c.id,
    sorts={"created_at": api_keys.c.created_at, "name": api_keys.c.name},
    filters={"user_id": equals(api_keys.c.user_id)},
)
