import json

import asyncpg
import pytest

from tests.department import Department


async def test_a_new_deal_starts_at_prospecting_and_belongs_to_the_caller(department: Department) -> None:
    rep = await department.representative()

    deal = await rep.post("/opportunities", {"name": "GTX for Acme", "amount": "5482.00"})

    assert (deal["stage"], deal["step"], deal["outcome"], deal["probability"]) == (
        "prospecting",
        "prospecting",
        "open",
        10,
    )
    assert (deal["currency"], deal["amount"], deal["owner_id"]) == ("USD", "5482.00", str(rep.user_id))


async def test_a_stage_cannot_be_set_by_a_patch(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    problem = await rep.patch(f"/opportunities/{deal['id']}", {"stage": "closing"}, expect=422)

    assert problem["errors"][0]["pointer"] == "/stage"


async def test_every_change_is_numbered_in_the_log(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX for Acme"})

    await rep.patch(f"/opportunities/{deal['id']}", {"amount": "10.00"})

    rows = await owner.fetch(
        "SELECT sequence, type, body FROM events WHERE subject_id = $1 ORDER BY sequence", deal["id"]
    )
    assert [(row["sequence"], row["type"]) for row in rows] == [(1, "opportunity.created"), (2, "opportunity.updated")]
    event = json.loads(rows[1]["body"])
    assert event["subject"] == {"type": "opportunity", "id": deal["id"], "sequence": 2}
    assert event["data"]["changed"] == ["amount"]
    assert event["data"]["before"] == {"amount": None}
    assert event["data"]["object"]["amount"] == "10.00"


async def test_lists_deals_by_amount_with_those_without_one_last(department: Department) -> None:
    rep = await department.representative()
    for name, amount in (("a", "10.00"), ("b", None), ("c", "20.00")):
        await rep.post("/opportunities", {"name": name, "amount": amount})

    first = await rep.get("/opportunities", sort="-amount", limit=2)
    second = await rep.get("/opportunities", sort="-amount", limit=2, cursor=first["next_cursor"])

    assert [deal["name"] for page in (first, second) for deal in page["items"]] == ["c", "a", "b"]


async def test_a_deal_of_another_team_does_not_exist(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    deal = await stranger.post("/opportunities", {"name": "Theirs"})

    problem = await rep.get(f"/opportunities/{deal['id']}", expect=404)

    assert problem["code"] == "not_found"


@pytest.mark.parametrize("amount", [10, 10.5, True])
async def test_money_is_sent_as_a_string_never_as_a_number(department: Department, amount: object) -> None:
    rep = await department.representative()

    problem = await rep.post("/opportunities", {"name": "GTX for Acme", "amount": amount}, expect=422)

    assert problem["errors"][0]["pointer"] == "/amount"
