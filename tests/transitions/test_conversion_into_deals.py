import asyncio
from uuid import UUID

import asyncpg

from app.core.caller import Caller
from app.core.database import Database
from app.opportunities.writing import change_deal
from app.people.scopes import ALL_SCOPES
from app.transitions.conversion import make_conversion
from app.transitions.conversion_schemas import ConversionCreate
from tests.builders.leads import qualified_lead
from tests.department import Department

_IS_WAITING = """
    SELECT EXISTS (
        SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
        WHERE NOT granted AND locktype = 'advisory' AND datname = current_database()
    )
"""


async def test_the_deals_account_is_the_leads(department: Department) -> None:
    rep = await department.representative()
    account = await rep.post("/accounts", {"name": "Fields Ltd"})
    deal = await rep.post("/opportunities", {"name": "Running", "account_id": account["id"]})
    lead = await qualified_lead(rep)

    conversion = await rep.post(f"/leads/{lead['id']}/conversion", {"opportunity_id": deal["id"]})

    assert conversion["account"] == {"id": account["id"], "created": False}
    assert len((await rep.get("/accounts"))["items"]) == 1


async def test_a_deal_without_an_account_gets_the_leads(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "Running"})
    lead = await qualified_lead(rep)

    conversion = await rep.post(f"/leads/{lead['id']}/conversion", {"opportunity_id": deal["id"]})

    assert (await rep.get(f"/opportunities/{deal['id']}"))["account_id"] == conversion["account"]["id"]


async def test_refuses_another_account_than_the_deals(department: Department) -> None:
    rep = await department.representative()
    ours, theirs = [await rep.post("/accounts", {"name": name}) for name in ("Fields Ltd", "Globex")]
    deal = await rep.post("/opportunities", {"name": "Running", "account_id": ours["id"]})
    lead = await qualified_lead(rep)
    body = {"opportunity_id": deal["id"], "account_id": theirs["id"]}

    problem = await rep.post(f"/leads/{lead['id']}/conversion", body, expect=422)

    assert [(each["pointer"], each["code"]) for each in problem["errors"]] == [("/account_id", "other_account")]


async def test_waits_for_the_deal_before_it_takes_its_place_in_the_log(
    department: Department, database: Database, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal_id = UUID((await rep.post("/opportunities", {"name": "Running"}))["id"])
    lead = await qualified_lead(rep)
    caller = Caller(department.organization_id, rep.user_id, rep.position, rep.team_id, (), ALL_SCOPES)
    asked = ConversionCreate(opportunity_id=deal_id)

    async with database.begin(caller) as tx:
        await tx.connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", str(deal_id))
        conversion = asyncio.create_task(make_conversion(database, caller, UUID(lead["id"]), asked, None))
        while not await owner.fetchval(_IS_WAITING):
            assert not conversion.done()
        await change_deal(tx, deal_id, {"name": "Renamed"}, None)

    assert (await conversion).opportunity.id == deal_id
