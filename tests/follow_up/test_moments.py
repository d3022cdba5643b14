from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Database
from app.follow_up.handoff import decide_handoff
from app.follow_up.schemas import HandoffStatus
from app.follow_up.writing import record_satisfaction, resolve_issue
from tests.builders.follow_up import open_issue
from tests.builders.outcomes import won_deal_of
from tests.department import Department

LONG_AGO = datetime.now(UTC) - timedelta(days=400)


async def test_follow_up_happens_at_the_moment_of_its_transaction(department: Department, database: Database) -> None:
    rep, account_manager = await department.representative(), await department.hire("account_manager")
    deal_id = await won_deal_of(department, rep)
    issue = await open_issue(rep, deal_id)
    asked = {"opportunity_id": deal_id, "to_user_id": str(account_manager.user_id)}
    handoff = await rep.post("/handoffs", asked)
    seller = Caller(department.organization_id, rep.user_id, rep.position, rep.team_id, ())
    addressee = Caller(department.organization_id, account_manager.user_id, account_manager.position, None, ())
    survey = {"status": "answered", "score": 9, "comment": None, "contact_id": None, "asked_at": None}

    async with database.begin(seller) as tx:
        then = tx.acting(seller, LONG_AGO)
        answered = await record_satisfaction(then, survey | {"opportunity_id": UUID(deal_id)})
        resolved = await resolve_issue(then, UUID(issue["id"]), "Sent again")
        decided = await decide_handoff(
            tx.acting(addressee, LONG_AGO), UUID(handoff["id"]), HandoffStatus.ACCEPTED, None
        )

    assert (answered["asked_at"], resolved["resolved_at"], decided["decided_at"]) == (LONG_AGO,) * 3
