"""The examples of what is sold to whom: leads, accounts, contacts, deals and what is inside them."""

from tests.department import Actor, Json
from tests.examples.department import People

BANT: Json = {
    "need": "New fences around two pastures",
    "budget_amount": "25000.00",
    "budget_currency": "USD",
    "timeline_on": "2030-06-30",
    "decision_process": "Ann decides after the next board meeting",
    "qualification_score": 80,
}


async def work_on_leads(people: People) -> str:
    """From a stranger to a deal; gives the deal's id."""
    rep = people.rep
    ann: Json = {"name": "Ann Field", "company_name": "Fields Ltd", "email": "ann@fields.example"}
    lead = await rep.post("/leads", {**ann, "phone": "+1 555 0100", "title": "Owner", "source": "trade fair"})
    path = f"/leads/{lead['id']}"
    await rep.post("/leads", ann, expect=409)
    await rep.patch(path, {"title": "Managing director"})
    await rep.post(f"{path}/transitions", {"to_stage": "qualification"}, expect=409)
    await rep.get(f"{path}/available-transitions")
    await rep.post(
        "/activities", {"kind": "call", "status": "held", "summary": "They need new fences", "lead_id": lead["id"]}
    )
    await rep.post(f"{path}/transitions", {"to_stage": "qualification", "dry_run": True}, expect=200)
    await rep.post(f"{path}/transitions", {"to_stage": "qualification"})
    await rep.put(f"{path}/qualification", BANT)
    await people.manager.post(
        f"{path}/assignment", {"owner_id": str(rep.user_id), "reason": "Rosa knows the region"}, expect=200
    )
    for expect, dry_run in ((200, True), (201, False)):
        converted = await rep.post(
            f"{path}/conversion",
            {"contact_role": "decision_maker", "opportunity_name": "Fences for Fields Ltd", "dry_run": dry_run},
            expect=expect,
        )
    await rep.get(path)
    await rep.get(f"{path}/transitions")
    await write_many(rep, "leads", {"name": "Bo Rivers", "company_name": "Rivers Inc"}, "web-1017")
    await rep.get("/leads", stage="prospecting", source="web", limit=2)
    return str(converted["opportunity"]["id"])


async def write_many(actor: Actor, path: str, record: Json, external_id: str) -> None:
    """What another system writes by its own ids: once, once more, and many at once."""
    if path == "leads":
        record = {**record, "source": "web"}
    for _ in range(2):
        await _put(actor, path, record, external_id)
        record = {**record, "name": f"{record['name']} (north)"}
    batch = {"mode": "per_item", "operation": "upsert", "items": [{**record, "external_id": external_id}]}
    await actor.post(f"/{path}/batch", batch, expect=200)


async def _put(actor: Actor, path: str, record: Json, external_id: str) -> None:
    answer = await actor.request("PUT", f"/{path}/by-external-id/{external_id}", json=record)
    assert answer.is_success, answer.text


async def keep_accounts(people: People) -> None:
    """Companies and the people in them."""
    rep = people.rep
    account = await rep.post(
        "/accounts",
        {
            "name": "Meadow Farms",
            "industry": "Agriculture",
            "website": "https://meadow.example",
            "country": "US",
            "founded_year": 1987,
            "employee_count": 120,
            "annual_revenue": "4200000.00",
            "annual_revenue_currency": "USD",
        },
    )
    await rep.patch(f"/accounts/{account['id']}", {"employee_count": 140})
    await rep.get(f"/accounts/{account['id']}")
    await write_many(rep, "accounts", {"name": "Rivers Inc", "industry": "Agriculture"}, "erp-2201")
    await rep.get("/accounts", industry="Agriculture", annual_revenue_gte="1000000.00", limit=2)
    contact = await rep.post(
        "/contacts",
        {
            "name": "Mia Meadow",
            "account_id": account["id"],
            "email": "mia@meadow.example",
            "title": "Head of purchasing",
        },
    )
    await rep.patch(f"/contacts/{contact['id']}", {"phone": "+1 555 0123"})
    await rep.get(f"/contacts/{contact['id']}")
    await write_many(rep, "contacts", {"name": "Sam Rivers", "account_id": account["id"]}, "erp-2202")
    await rep.get("/contacts", account_id=account["id"], limit=2)
    await rep.post("/activities", {"kind": "call", "summary": "Talk about gates", "account_id": account["id"]})
    await rep.get(f"/accounts/{account['id']}/timeline", limit=2)


async def keep_products(people: People) -> Json:
    """What is sold; gives a product."""
    operations = people.operations
    product = await operations.post(
        "/products", {"name": "Fence, 1.8 m", "series": "Pasture", "unit_price": "48.00", "currency": "USD"}
    )
    product = await operations.patch(f"/products/{product['id']}", {"unit_price": "49.50", "external_id": "SKU-180"})
    await operations.get(f"/products/{product['id']}")
    await operations.get("/products", series="Pasture", is_active="true")
    return product


async def work_on_deals(people: People, deal_id: str, product: Json) -> None:
    """What a deal is made of."""
    rep, path = people.rep, f"/opportunities/{deal_id}"
    await rep.patch(path, {"amount": "24000.00", "close_on": "2030-05-31"})
    await rep.put(f"{path}/qualification", BANT)
    item = await rep.post(
        f"{path}/line-items", {"product_id": product["id"], "quantity": "480", "discount_percent": "5"}
    )
    await rep.patch(f"{path}/line-items/{item['id']}", {"quantity": "500"})
    await rep.get(f"{path}/line-items/{item['id']}")
    await rep.get(f"{path}/line-items")
    await rep.delete(f"{path}/line-items/{item['id']}")
    contact = await rep.post("/contacts", {"name": "Finn Field"})
    role = await rep.post(f"{path}/contact-roles", {"contact_id": contact["id"], "role": "champion"})
    await rep.get(f"{path}/contact-roles/{role['id']}")
    await rep.get(f"{path}/contact-roles")
    await rep.delete(f"{path}/contact-roles/{role['id']}")
    objection = await rep.post("/objections", {"opportunity_id": deal_id, "summary": "Delivery takes too long"})
    await rep.post(
        f"/objections/{objection['id']}/resolution", {"resolution": "The first pasture is fenced in May"}, expect=200
    )
    await rep.get(f"/objections/{objection['id']}")
    await rep.get("/objections", opportunity_id=deal_id)
    await rep.get(f"{path}/available-transitions")


async def plan_deals(people: People) -> None:
    """Deals that are written and moved many at a time."""
    rep, manager = people.rep, people.manager
    deal = await rep.post(
        "/opportunities",
        {"name": "Gates for Meadow Farms", "amount": "3200.00", "currency": "USD", "close_on": "2030-03-31"},
    )
    await manager.post(f"/opportunities/{deal['id']}/assignment", {"owner_id": str(rep.user_id)}, expect=200)
    await write_many(rep, "opportunities", {"name": "Posts for Rivers Inc", "amount": "900.00"}, "erp-3301")
    lost = {"to_stage": "analysis", "loss_reason": "timing"}
    plan = await rep.post("/opportunities/transition-plans", {**lost, "opportunity_ids": [deal["id"]]}, expect=200)
    items = [{"opportunity_id": each["opportunity_id"], "version": each["version"]} for each in plan["items"]]
    await rep.post("/opportunities/transition-plans/execution", {**lost, "items": items}, expect=200)
