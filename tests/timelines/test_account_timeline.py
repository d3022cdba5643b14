"""What happened at an account: everything that its reader may see, newest first."""

from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.people.permissions import MATRIX, Position, Reach
from tests.builders.evidence import draft_contract, draft_proposal, plan_activity
from tests.builders.leads import qualified_lead
from tests.builders.pages import read_pages
from tests.department import Actor, Department, Json


async def _account_of(rep: Actor) -> tuple[str, str]:
    """An account with a contact and a deal that a lead became: their ids, the account's and the deal's."""
    lead = await qualified_lead(rep)
    converted = await rep.post(f"/leads/{lead['id']}/conversion", {"contact_role": "decision_maker"})
    return str(converted["account"]["id"]), str(converted["opportunity"]["id"])


async def _types(actor: Actor, account_id: str, **params: Any) -> list[str]:
    return [event["type"] for event in await read_pages(actor, f"/accounts/{account_id}/timeline", **params)]


async def test_tells_what_happened_to_the_account_and_whoever_belongs_to_it(department: Department) -> None:
    rep = await department.representative()
    account_id, deal_id = await _account_of(rep)
    await rep.post("/contacts", {"name": "Another", "account_id": account_id})
    await draft_proposal(rep, deal_id)
    await draft_contract(rep, deal_id)
    await plan_activity(rep, "call", account_id=account_id)
    await rep.post("/accounts", {"name": "Somebody else"})

    types = await _types(rep, account_id)

    assert types[:5] == [
        "activity.created",
        "contract.created",
        "proposal.created",
        "contact.created",
        "lead.converted",
    ]
    assert {"account.created", "opportunity.created", "opportunity.stage_changed", "lead.created"} <= set(types)
    assert types[-1] == "lead.created"
    assert types.count("account.created") == 1


async def test_events_are_the_same_as_in_the_log(department: Department) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})
    await department.operations.patch(f"/accounts/{account['id']}", {"name": "Acme Ltd"})

    page = await department.operations.get(f"/accounts/{account['id']}/timeline")
    log = await department.operations.get("/events", subject_id=account["id"])

    assert page["items"] == log["items"][::-1]
    assert page["next_cursor"] is None


async def test_pages_follow_each_other(department: Department) -> None:
    rep = await department.representative()
    account_id, _ = await _account_of(rep)

    whole = await read_pages(rep, f"/accounts/{account_id}/timeline")
    by_one = await read_pages(rep, f"/accounts/{account_id}/timeline", limit=1)

    assert by_one == whole
    moments = [event["timestamp"] for event in whole]
    assert moments == sorted(moments, reverse=True)


async def test_what_happens_meanwhile_moves_no_page(department: Department) -> None:
    rep = await department.representative()
    account_id, _ = await _account_of(rep)
    whole = await read_pages(rep, f"/accounts/{account_id}/timeline")

    first = await rep.get(f"/accounts/{account_id}/timeline", limit=3)
    await rep.post("/contacts", {"name": "Late", "account_id": account_id})
    second = await rep.get(f"/accounts/{account_id}/timeline", limit=200, cursor=first["next_cursor"])

    assert first["items"] + second["items"] == whole


async def test_types_can_be_chosen(department: Department) -> None:
    rep = await department.representative()
    account_id, _ = await _account_of(rep)

    assert set(await _types(rep, account_id, type=["contact.*", "account.created"])) == {
        "contact.created",
        "account.created",
    }


_NOUNS = {
    "opportunity.created": "opportunities.read",
    "lead.created": "leads.read",
    "proposal.created": "proposals.read",
    "contract.created": "contracts.read",
    "activity.created": "activities.read",
}
_NEEDED = {"north": Reach.TEAM, "south": Reach.ORGANIZATION}


@pytest.mark.parametrize("team", _NEEDED)
@pytest.mark.parametrize("position", Position)
async def test_each_position_sees_as_far_as_it_reaches(department: Department, position: Position, team: str) -> None:
    owner, reader = await department.representative(team), await department.hire(position, "north")
    account_id, deal_id = await _account_of(owner)
    await draft_proposal(owner, deal_id)
    await draft_contract(owner, deal_id)

    types = set(await _types(reader, account_id))

    expected = {kind for kind, action in _NOUNS.items() if MATRIX[action][position] >= _NEEDED[team]}
    assert types & _NOUNS.keys() == expected
    assert {"account.created", "contact.created"} <= types


async def test_an_activity_shows_to_whom_it_belongs(department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    account = await rep.post("/accounts", {"name": "Acme"})
    await plan_activity(rep, "call", account_id=account["id"])

    assert await _types(rep, account["id"]) == ["activity.created", "account.created"]
    assert await _types(colleague, account["id"]) == ["account.created"]


async def test_a_deal_that_moves_to_another_account_takes_its_history_along(department: Department) -> None:
    rep = await department.representative()
    first, second = await rep.post("/accounts", {"name": "First"}), await rep.post("/accounts", {"name": "Second"})
    deal: Json = await rep.post("/opportunities", {"name": "Fences", "account_id": first["id"]})
    await rep.patch(f"/opportunities/{deal['id']}", {"account_id": second["id"]})

    assert await _types(rep, first["id"]) == ["account.created"]
    assert await _types(rep, second["id"]) == ["opportunity.updated", "opportunity.created", "account.created"]


async def test_another_organizations_account_does_not_exist(
    department: Department, other_department: Department
) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})

    foreign = await other_department.operations.get(f"/accounts/{account['id']}/timeline", expect=404)
    unknown = await department.operations.get(f"/accounts/{uuid4()}/timeline", expect=404)

    assert foreign["code"] == unknown["code"] == "not_found"


async def test_dropped_events_are_gone_from_it(department: Department, owner: asyncpg.Connection) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})
    await owner.execute("SET session_replication_role = replica")  # as a retention that has come to them
    await owner.execute("DELETE FROM events WHERE subject_id = $1", account["id"])
    await department.operations.patch(f"/accounts/{account['id']}", {"name": "Acme Ltd"})

    assert await _types(department.operations, account["id"]) == ["account.updated"]


@pytest.mark.parametrize(
    ("params", "pointer"),
    [({"cursor": "x"}, "/query/cursor"), ({"limit": 0}, "/query/limit"), ({"type": "war.declared"}, "/query/type/0")],
)
async def test_refuses_what_cannot_be_asked(department: Department, params: dict[str, Any], pointer: str) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})

    problem = await department.operations.get(f"/accounts/{account['id']}/timeline", expect=422, **params)

    assert [each["pointer"] for each in problem["errors"]] == [pointer]


async def test_a_cursor_of_another_account_is_refused(department: Department) -> None:
    rep = await department.representative()
    account_id, _ = await _account_of(rep)
    other = await rep.post("/accounts", {"name": "Other"})
    page = await rep.get(f"/accounts/{account_id}/timeline", limit=1)

    problem = await rep.get(f"/accounts/{other['id']}/timeline", expect=422, cursor=page["next_cursor"])

    assert [each["code"] for each in problem["errors"]] == ["other_query"]
