import asyncio

import asyncpg
import pytest

from tests.department import Actor, Department, Json


async def product(department: Department, price: str = "4821.00", currency: str = "USD") -> Json:
    return await department.operations.post(
        "/products", {"name": f"GTX {price} {currency}", "unit_price": price, "currency": currency}
    )


async def deal_of(rep: Actor) -> Json:
    return await rep.post("/opportunities", {"name": "GTX for Acme"})


async def test_a_line_item_takes_the_products_price_and_rounds_its_total_half_up(department: Department) -> None:
    rep = await department.representative()
    deal, gtx = await deal_of(rep), await product(department, "10.05")
    path = f"/opportunities/{deal['id']}/line-items"

    item = await rep.post(path, {"product_id": gtx["id"], "quantity": "3", "discount_percent": "50"})
    changed = await rep.patch(f"{path}/{item['id']}", {"quantity": "1"})

    assert (item["unit_price"], item["total"]) == ("10.05", "15.08")
    assert (changed["total"], changed["version"]) == ("5.03", 2)


async def test_refuses_a_product_priced_in_another_currency(department: Department) -> None:
    rep = await department.representative()
    deal, gtx = await deal_of(rep), await product(department, currency="EUR")

    problem = await rep.post(
        f"/opportunities/{deal['id']}/line-items", {"product_id": gtx["id"], "quantity": "1"}, expect=422
    )

    assert problem["errors"][0]["code"] == "other_currency"


@pytest.mark.parametrize("quantity", ["0", "-1", "1.0001", "NaN", "many"])
async def test_refuses_an_impossible_quantity(department: Department, quantity: str) -> None:
    rep = await department.representative()
    deal, gtx = await deal_of(rep), await product(department)

    problem = await rep.post(
        f"/opportunities/{deal['id']}/line-items", {"product_id": gtx["id"], "quantity": quantity}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/quantity"


async def test_a_line_item_of_another_deal_is_not_found(department: Department) -> None:
    rep = await department.representative()
    mine, other, gtx = await deal_of(rep), await deal_of(rep), await product(department)
    item = await rep.post(f"/opportunities/{other['id']}/line-items", {"product_id": gtx["id"], "quantity": "1"})

    await rep.delete(f"/opportunities/{mine['id']}/line-items/{item['id']}", expect=404)
    await rep.delete(f"/opportunities/{other['id']}/line-items/{item['id']}")

    assert (await rep.get(f"/opportunities/{other['id']}/line-items"))["items"] == []


async def test_a_contact_has_a_role_once(department: Department) -> None:
    rep = await department.representative()
    deal, contact = await deal_of(rep), await rep.post("/contacts", {"name": "Ann"})
    path, body = f"/opportunities/{deal['id']}/contact-roles", {"contact_id": contact["id"], "role": "decision_maker"}

    role = await rep.post(path, body)
    again = await rep.post(path, body, expect=409)
    await rep.delete(f"{path}/{role['id']}")

    assert again["code"] == "already_exists"
    assert (await rep.get(path))["items"] == []


async def test_refuses_a_contact_of_another_organization(department: Department, other_department: Department) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    deal, contact = await deal_of(rep), await stranger.post("/contacts", {"name": "Theirs"})

    problem = await rep.post(
        f"/opportunities/{deal['id']}/contact-roles", {"contact_id": contact["id"], "role": "user"}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/contact_id"


async def test_an_objection_is_resolved_once(department: Department) -> None:
    rep = await department.representative()
    deal = await deal_of(rep)
    objection = await rep.post("/objections", {"opportunity_id": deal["id"], "summary": "Too expensive"})
    path = f"/objections/{objection['id']}/resolution"

    answers = await asyncio.gather(
        *(rep.request("POST", path, json={"resolution": "A smaller package"}) for _ in range(5))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    assert (await rep.get(f"/objections/{objection['id']}"))["status"] == "resolved"


async def test_an_objection_of_another_team_does_not_exist(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    deal = await deal_of(stranger)
    objection = await stranger.post("/objections", {"opportunity_id": deal["id"], "summary": "Too expensive"})

    await rep.get(f"/objections/{objection['id']}", expect=404)
    await rep.post(f"/objections/{objection['id']}/resolution", {"resolution": "x"}, expect=404)

    assert (await rep.get("/objections"))["items"] == []


async def test_concurrent_writes_to_one_deal_are_numbered_without_gaps(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal = await deal_of(rep)
    body = {"opportunity_id": deal["id"], "summary": "Too expensive"}

    await asyncio.gather(*(rep.post("/objections", body) for _ in range(12)))

    rows = await owner.fetch("SELECT sequence FROM events WHERE subject_id = $1 ORDER BY xid, id", deal["id"])
    assert [row["sequence"] for row in rows] == list(range(1, 14))


async def test_the_amount_of_a_lost_deal_is_corrected_by_operations_only(department: Department) -> None:
    rep = await department.representative()
    deal = await deal_of(rep)
    await rep.post(f"/opportunities/{deal['id']}/transitions", {"to_stage": "analysis", "loss_reason": "price"})

    refused = await rep.patch(f"/opportunities/{deal['id']}", {"amount": "1.00"}, expect=409)
    corrected = await department.operations.patch(f"/opportunities/{deal['id']}", {"amount": "1.00"})

    assert refused["code"] == "deal_closed"
    assert corrected["amount"] == "1.00"


async def test_an_assigned_deal_counts_for_the_new_owners_team(
    department: Department, owner: asyncpg.Connection
) -> None:
    manager, west = await department.manager(), await department.representative("north_west")
    deal = await manager.post("/opportunities", {"name": "GTX for Acme"})

    assigned = await manager.post(
        f"/opportunities/{deal['id']}/assignment", {"owner_id": str(west.user_id)}, expect=200
    )

    assert (assigned["owner_id"], assigned["team_id"]) == (str(west.user_id), str(department.teams["north_west"]))
    kinds = await owner.fetch("SELECT type FROM events WHERE subject_id = $1 ORDER BY sequence", deal["id"])
    assert [row["type"] for row in kinds] == ["opportunity.created", "opportunity.assigned"]


async def test_only_operations_write_products_and_everybody_reads_them(department: Department) -> None:
    rep = await department.representative()
    gtx = await product(department)

    await rep.post("/products", {"name": "x", "unit_price": "1.00", "currency": "USD"}, expect=403)
    duplicate = await department.operations.post(
        "/products", {"name": gtx["name"], "unit_price": "1.00", "currency": "USD"}, expect=409
    )

    assert duplicate["errors"][0]["pointer"] == "/name"
    assert (await rep.get(f"/products/{gtx['id']}"))["unit_price"] == "4821.00"
