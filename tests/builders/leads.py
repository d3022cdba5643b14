"""Leads on their way to a deal."""

from typing import Any

from tests.department import Actor, Json

BANT: Json = {
    "need": "Their pipes leak",
    "budget_amount": "5000.00",
    "budget_currency": "USD",
    "timeline_on": "2027-01-31",
    "decision_process": "The board decides",
    "qualification_score": 80,
}


async def qualified_lead(rep: Actor, **fields: Any) -> Json:
    """A lead at qualification with everything that a conversion demands."""
    lead = await rep.post(
        "/leads", {"name": "Ann Field", "company_name": "Fields Ltd", "email": "ann@fields.example", **fields}
    )
    await hold_call(rep, lead["id"])
    await rep.post(f"/leads/{lead['id']}/transitions", {"to_stage": "qualification"})
    return await rep.put(f"/leads/{lead['id']}/qualification", BANT)


async def hold_call(rep: Actor, lead_id: str) -> None:
    """An outreach activity that was held."""
    await rep.post("/activities", {"kind": "call", "status": "held", "summary": "First call", "lead_id": lead_id})
