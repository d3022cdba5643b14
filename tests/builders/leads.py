"""Leads on their way to a deal, leads that ended, and what the log says about them."""

import json
from typing import Any
from uuid import UUID

import asyncpg

from tests.department import Actor, Department, Json

BANT: Json = {
    "need": "Their pipes leak",
    "budget_amount": "5000.00",
    "budget_currency": "USD",
    "timeline_on": "2027-01-31",
    "decision_process": "The board decides",
    "qualification_score": 80,
}

_COUNT = """
SELECT greatest(
    (SELECT count(*) FROM leads WHERE organization_id = $1),
    (SELECT count(*) FROM subjects WHERE organization_id = $1 AND type = 'lead'),
    (SELECT count(*) FROM events WHERE organization_id = $1 AND subject_type = 'lead')
)
"""


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


async def disqualified_lead(actor: Actor, **fields: Any) -> Json:
    """A lead of the actor's that was given up."""
    lead = await actor.post("/leads", {"name": "Given up", **fields})
    await actor.post(f"/leads/{lead['id']}/transitions", {"to_stage": "disqualified", "reason": "No budget"})
    return await actor.get(f"/leads/{lead['id']}")


async def converted_lead(actor: Actor, **fields: Any) -> Json:
    """A lead of the actor's that became a deal."""
    lead = await qualified_lead(actor, **fields)
    await actor.post(f"/leads/{lead['id']}/conversion", {})
    return await actor.get(f"/leads/{lead['id']}")


async def event_bodies(owner: asyncpg.Connection, subject_id: str) -> list[Json]:
    """The events of one aggregate as consumers get them, in their order."""
    rows = await owner.fetch("SELECT body FROM events WHERE subject_id = $1 ORDER BY sequence", UUID(subject_id))
    return [json.loads(row["body"]) for row in rows]


async def count_of_leads(owner: asyncpg.Connection, department: Department) -> int:
    """How many leads, subjects of leads or events of leads an organization has; the largest of the three."""
    count: int = await owner.fetchval(_COUNT, department.organization_id)
    return count
