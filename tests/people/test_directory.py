"""Keys that are made by the command line, for whoever is in a position."""

import asyncio

import asyncpg

from app.core.database import Database
from app.people.directory import key_for_position
from app.people.permissions import Position
from tests.department import Department


async def test_of_those_who_ask_at_once_for_a_position_that_nobody_has_one_makes_the_user(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    organization_id = await owner.fetchval(
        "SELECT organization_id FROM users WHERE id = $1", department.operations.user_id
    )

    keys = await asyncio.gather(
        *(key_for_position(database, organization_id, Position.SALES_MANAGER) for _ in range(8))
    )

    assert len({str(key) for key in keys}) == 8
    made = await owner.fetchval(
        "SELECT count(*) FROM users WHERE organization_id = $1 AND position = 'sales_manager'", organization_id
    )
    assert made == 1
