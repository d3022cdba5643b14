"""Leads of the last weeks: new, qualified, or disqualified."""

import random
from datetime import datetime, timedelta

from app.activities import writing as activities
from app.activities.schemas import ActivityCreate
from app.core.database import Transaction
from app.demo.cast import FIRST_NAMES, LAST_NAMES
from app.leads.schemas import LeadCreate
from app.leads.writing import create_lead
from app.transitions.transition import Move, move
from app.transitions.workflows import LEAD
from app.workflow.decision import TransitionInputs

_SOURCES = ("web", "trade fair", "referral", "outbound")
_SHARE_NEW = 0.35
_SHARE_DISQUALIFIED = 0.2


async def tell_lead(tx: Transaction, dice: random.Random, now: datetime) -> None:
    """Make one lead and let it go as far as the dice say; the transaction's caller owns it."""
    moment = now - timedelta(days=dice.uniform(3, 45))
    name = f"{dice.choice(FIRST_NAMES)} {dice.choice(LAST_NAMES)}"
    lead = LeadCreate(
        name=name,
        company_name=f"{name.split(' ', maxsplit=1)[1]} & Partners",
        email=f"{name.lower().replace(' ', '.')}.{dice.randint(1, 10**6)}@prospect.example",
        source=dice.choice(_SOURCES),
    )
    caller = tx.caller
    lead_id = (await create_lead(tx.acting(caller, moment), lead.model_dump()))["id"]
    if dice.random() < _SHARE_NEW:
        return
    moment += timedelta(days=dice.uniform(0.2, 2))
    call = ActivityCreate.model_validate(
        {"kind": "call", "summary": "First call", "status": "held", "held_at": moment, "lead_id": lead_id}
    )
    await activities.add(tx.acting(caller, moment), call)
    if dice.random() < _SHARE_DISQUALIFIED:
        inputs = TransitionInputs(reason="No budget this year")
        await move(tx.acting(caller, moment), LEAD, lead_id, Move("disqualified", inputs))
    else:
        await move(tx.acting(caller, moment), LEAD, lead_id, Move("qualification"))
