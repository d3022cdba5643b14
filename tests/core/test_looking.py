"""Reads without a transaction around them: one round trip, one organization, and nothing that stays behind."""

from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest
import sqlalchemy as sa

from app.accounts.tables import accounts
from app.connections import connect_app
from app.core.caller import Caller
from app.core.database import Database, Statement, new_id
from app.core.settings import Settings
from app.outbox.record import start
from tests.builders.far import service_over
from tests.builders.wire import wire_to
from tests.department import Department

NAMES = Statement(sa.select(accounts.c.name).order_by(accounts.c.name))
"""The first wall is missing on purpose."""


@pytest.mark.without_pooler("counts round trips, and without prepared statements each statement takes two")
async def test_one_record_is_read_in_one_round_trip(department: Department, settings: Settings) -> None:
    manager = await department.manager()
    deal = await manager.post("/opportunities", {"name": "GTX"})
    sent = []
    async with wire_to(str(settings.database_url)) as wire, service_over(wire, settings, manager) as far:
        for path in ("/event-types", f"/opportunities/{deal['id']}") * 2:  # the first needs to know the caller only
            wire.sent.clear()
            await far.get(path)
            sent.append(len(wire.sent))

    _, _, without_database, with_record = sent  # statements are prepared once
    assert with_record == without_database + 1


@pytest.mark.without_pooler("is about reads without a transaction, which there are none of on lent connections")
@pytest.mark.parametrize("plans", ["force_custom_plan", "force_generic_plan"])
async def test_the_policies_alone_keep_organizations_apart(
    department: Department, other_department: Department, settings: Settings, plans: str
) -> None:
    await department.operations.post("/accounts", {"name": "Ours"})
    await other_department.operations.post("/accounts", {"name": "Theirs"})
    database = await connect_app(settings.model_copy(update={"database_pool_size": 1}))
    seen = []

    only = await database.use.acquire()
    await only.execute(f"SET plan_cache_mode = {plans}")
    await database.use.release(only, is_in_order=True)
    for organization_id in (department.organization_id, other_department.organization_id) * 8:
        async with database.look(Caller.system(organization_id)) as tx:
            seen.append([row["name"] for row in await tx.fetch_all(NAMES)])
    only = await database.use.acquire()
    left_behind = await only.fetch(NAMES.sql)
    await database.use.release(only, is_in_order=True)
    await database.close()

    assert seen == [["Ours"], ["Theirs"]] * 8
    assert left_behind == []


@pytest.mark.without_pooler("there another wall refuses: tests/pooler/test_roles.py")
async def test_nothing_is_written_by_looking(department: Department, database: Database) -> None:
    caller = replace(Caller.system(department.organization_id), user_id=UUID(int=1))

    with pytest.raises(asyncpg.PostgresSyntaxError):
        async with database.look(caller) as tx:
            await start(tx, "account", new_id())


async def test_the_order_of_rows_is_the_statements(department: Department, database: Database) -> None:
    names = [f"Account {number:03}" for number in range(60)]
    for name in reversed(names):
        await department.operations.post("/accounts", {"name": name})

    async with database.look(Caller.system(department.organization_id)) as tx:
        found = [row["name"] for row in await tx.fetch_all(NAMES)]

    assert found == names
