from dataclasses import replace
from uuid import uuid4

import pytest

from app.people.permissions import MATRIX, Position, who_may
from app.people.positions import JOBS
from tests.builders.access import ask_why
from tests.builders.evidence import draft_proposal
from tests.builders.giving import give
from tests.builders.outcomes import open_deal_of
from tests.builders.targets import set_target
from tests.department import Department


async def test_says_what_the_position_may_whose_the_record_is_and_who_may_instead(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal_id = await open_deal_of(department, await department.representative())

    answer = await ask_why(rep, "opportunities.write", f"opportunity:{deal_id}")

    explained = answer.json()
    assert (explained["allowed"], explained["refused_by"], explained["duty"]) == (False, "reach", None)
    assert (explained["reach"], explained["relation"]) == ("own", "own_team")
    assert explained["user"] == {"id": str(rep.user_id), "name": "Someone", "position": "sales_representative"}
    assert explained["reasons"][:2] == [
        "Sales representative: may change deals, where they are the person's own.",
        "This deal is of the person's own team.",
    ]
    assert "sales manager (team)" in explained["reasons"][-1]
    assert [each["position"] for each in explained["positions_that_may"]] == who_may("opportunities.write")
    assert explained["people_who_may"] is None  # whoever may not see users is told positions
    named = (await ask_why(manager, "opportunities.write", f"opportunity:{deal_id}")).json()["people_who_may"]
    assert str(manager.user_id) in {each["id"] for each in named}


async def test_tells_the_rule_where_separation_of_duty_refuses(department: Department) -> None:
    manager, other = await department.manager(), await department.manager()
    proposal = await draft_proposal(manager, await open_deal_of(department, manager), discount_percent="20")

    explained = (await ask_why(manager, "discounts.approve", f"proposal:{proposal['id']}")).json()

    assert (explained["refused_by"], explained["duty"]) == ("separation_of_duty", "no_own_discount")
    assert "Nobody approves the discount of an own deal; another manager above the deal does." in explained["reasons"]
    assert [each["id"] for each in explained["people_who_may"]] == [str(other.user_id)]


@pytest.mark.parametrize(("is_own", "duty"), [(True, "no_own_target"), (False, "no_own_teams_target")])
async def test_tells_whose_target_it_is(department: Department, *, is_own: bool, duty: str) -> None:
    manager = await department.manager()
    target = await set_target(department, "north", manager if is_own else None)

    explained = (await ask_why(manager, "team_targets.write", f"team_target:{target['id']}")).json()

    assert (explained["refused_by"], explained["duty"]) == ("separation_of_duty", duty)
    assert [each["id"] for each in explained["people_who_may"]] == [str(department.operations.user_id)]


async def test_an_activity_about_what_went_out_of_sight_is_not_changed(department: Department) -> None:
    rep, manager = await department.representative(), await department.manager()
    deal_id = await open_deal_of(department, rep)
    activity = await rep.post("/activities", {"kind": "call", "summary": "First", "opportunity_id": deal_id})
    southern = await department.representative("south")
    await give(department.operations, {"id": deal_id}, southern)

    explained = (await ask_why(rep, "activities.write", f"activity:{activity['id']}")).json()
    await rep.patch(f"/activities/{activity['id']}", {"summary": "B"}, expect=403)

    assert (explained["allowed"], explained["refused_by"]) == (False, "subject")
    assert (await ask_why(manager, "activities.read", f"activity:{activity['id']}")).json()["allowed"]


async def test_only_who_may_see_users_asks_about_somebody_else(department: Department) -> None:
    rep, colleague = await department.representative(), await department.representative()
    manager, southern = await department.manager(), await department.representative("south")

    assert (await ask_why(rep, "products.write", None, colleague)).status_code == 403
    assert (await ask_why(rep, "products.write", None, rep)).status_code == 200
    assert (await ask_why(manager, "products.write", None, southern)).json()["user"]["id"] == str(southern.user_id)


async def test_a_record_out_of_ones_own_sight_is_not_explained_for_anybody(department: Department) -> None:
    manager, southern = await department.manager(), await department.representative("south")
    deal_id = await open_deal_of(department, southern)

    foreign = await ask_why(manager, "opportunities.write", f"opportunity:{deal_id}", southern)
    unknown = await ask_why(manager, "opportunities.write", f"opportunity:{uuid4()}", southern)

    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}


async def test_another_organizations_people_and_records_do_not_exist(
    department: Department, other_department: Department
) -> None:
    stranger = await other_department.representative()
    deal_id = await open_deal_of(other_department, stranger)

    record = await ask_why(department.operations, "opportunities.read", f"opportunity:{deal_id}")
    person = await ask_why(department.operations, "products.read", None, stranger)

    assert record.status_code == 404
    assert (person.status_code, person.json()["errors"][0]["pointer"]) == (422, "/query/user_id")


async def test_whoever_has_left_is_not_asked_about_nor_named(department: Department) -> None:
    gone = await department.hire(Position.SALES_OPERATIONS_SPECIALIST, None)
    await department.operations.patch(f"/users/{gone.user_id}", {"is_active": False})

    about = await ask_why(department.operations, "products.write", None, gone)
    named = (await ask_why(department.operations, "products.write", None)).json()["people_who_may"]

    assert about.status_code == 422
    assert [each["id"] for each in named] == [str(department.operations.user_id)]


@pytest.mark.parametrize(
    ("action", "resource", "pointer", "code"),
    [
        ("opportunities.write", None, "/query/resource", "missing"),
        ("products.write", "opportunity", "/query/resource", "other_kind"),
        ("leads.write", "opportunity", "/query/resource", "other_kind"),
        ("leads.write", "vehicle", "/query/resource", "string_pattern_mismatch"),
        ("deals.write", None, "/query/action", "enum"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    department: Department, action: str, resource: str | None, pointer: str, code: str
) -> None:
    answer = await ask_why(department.operations, action, resource and f"{resource}:{uuid4()}")

    (error,) = answer.json()["errors"]
    assert answer.status_code == 422
    assert (error["pointer"], error["code"]) == (pointer, code)


async def test_every_action_and_position_has_words(department: Department) -> None:
    for position in Position:
        actor = await department.hire(position, "north")
        for action in MATRIX:
            answer = await ask_why(actor, action, None)
            if answer.status_code == 422:  # about a record: tests/access/test_agreement.py asks with one
                continue

            first = answer.json()["reasons"][0]
            assert first.startswith(f"{JOBS[position].title}: may")
            assert "_" not in first


async def test_a_refusal_names_where_it_is_explained(department: Department) -> None:
    rep = await department.representative()
    deal_id = await open_deal_of(department, await department.representative())

    of_position = await rep.post("/products", {"name": "A", "unit_price": "1.00", "currency": "USD"}, expect=403)
    of_reach = await rep.patch(f"/opportunities/{deal_id}", {"name": "B"}, expect=403)

    assert of_position["explained_at"] == "/v1/access-explanations?action=products.write"
    assert of_reach["explained_at"] == "/v1/access-explanations?action=opportunities.write"


async def test_tells_that_the_credential_was_given_less_than_the_position_may(department: Department) -> None:
    operations = department.operations
    body = {"user_id": str(operations.user_id), "name": "a form", "scopes": ["*:read", "leads:write"]}
    narrow = replace(operations, key=(await operations.post("/api-keys", body))["key"])

    mine = (await ask_why(narrow, "products.write", None)).json()
    anybodys = (await ask_why(narrow, "products.write", None, await department.hire("account_manager"))).json()

    await narrow.post("/products", {"name": "A", "unit_price": "1.00", "currency": "USD"}, expect=403)
    assert (mine["allowed"], mine["refused_by"], mine["reach"]) == (False, "scope", "organization")
    assert "The credential was not given the scope `products:write`." in mine["reasons"]
    assert anybodys["refused_by"] == "position"
    assert str(operations.user_id) in {each["id"] for each in mine["people_who_may"]}
