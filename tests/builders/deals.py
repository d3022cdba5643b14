"""Builders: products on offer, deals, and what is inside them."""

from typing import Any

from tests.department import Actor, Department, Json


async def offer_product(department: Department, name: str = "GTX", **fields: Any) -> Json:
    """A product at 10.00 USD unless said otherwise."""
    return await department.operations.post(
        "/products", {"name": name, "unit_price": "10.00", "currency": "USD", **fields}
    )


async def add_line_item(actor: Actor, deal: Json, product: Json, **fields: Any) -> Json:
    """One piece of a product in a deal."""
    return await actor.post(
        f"/opportunities/{deal['id']}/line-items", {"product_id": product["id"], "quantity": "1", **fields}
    )


async def add_contact_role(actor: Actor, deal: Json, role: str = "decision_maker") -> Json:
    """A new contact with a part in a deal."""
    contact = await actor.post("/contacts", {"name": "Ann"})
    return await actor.post(f"/opportunities/{deal['id']}/contact-roles", {"contact_id": contact["id"], "role": role})


async def raise_objection(actor: Actor, deal: Json) -> Json:
    """An objection that is open."""
    return await actor.post("/objections", {"opportunity_id": deal["id"], "summary": "Too expensive"})


async def lose_deal(actor: Actor, deal: Json) -> None:
    """Close a deal as lost."""
    await actor.post(f"/opportunities/{deal['id']}/transitions", {"to_stage": "analysis", "loss_reason": "price"})
