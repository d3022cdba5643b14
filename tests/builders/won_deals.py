"""Builders: records that count towards targets, with the moments at which they came to count."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg

from app.core.database import new_id
from tests.department import Actor

_WON_DEAL = """
INSERT INTO opportunities (organization_id, id, name, amount, currency, pipeline_id, pipeline_version, stage, step,
                           outcome, probability, forecast_category, stage_entered_at, opened_at, closed_at, owner_id,
                           team_id)
SELECT p.organization_id, $1, $2, $3, $4, p.id, p.current_version, 'follow_up', 'follow_up', 'won', 100, 'closed',
       $5, $5, $5, u.id, u.team_id
FROM users u JOIN pipelines p ON p.organization_id = u.organization_id AND p.subject = 'opportunity'
WHERE u.id = $6
"""
_QUALIFIED_LEAD = """
INSERT INTO leads (organization_id, id, name, pipeline_id, pipeline_version, stage, step, stage_entered_at,
                   qualified_at, owner_id, team_id)
SELECT p.organization_id, $1, 'A lead', p.id, p.current_version, 'qualification', 'qualification', $2, $2, u.id,
       u.team_id
FROM users u JOIN pipelines p ON p.organization_id = u.organization_id AND p.subject = 'lead'
WHERE u.id = $3
"""


async def insert_won_deal(
    owner: asyncpg.Connection,
    seller: Actor,
    closed_at: str,
    amount: str | None = "100.00",
    currency: str = "USD",
) -> UUID:
    """A deal of the seller's, won at the moment (ISO 8601)."""
    deal_id, moment = new_id(), datetime.fromisoformat(closed_at)
    value = Decimal(amount) if amount is not None else None
    await owner.execute(_WON_DEAL, deal_id, f"Deal of {closed_at}", value, currency, moment, seller.user_id)
    return deal_id


async def insert_qualified_lead(owner: asyncpg.Connection, seller: Actor, qualified_at: str) -> UUID:
    """A lead of the seller's, qualified at the moment."""
    lead_id = new_id()
    await owner.execute(_QUALIFIED_LEAD, lead_id, datetime.fromisoformat(qualified_at), seller.user_id)
    return lead_id


async def hold_activity(actor: Actor, kind: str, held_at: str) -> None:
    """An activity of the actor's about a new account, held at the moment."""
    account = await actor.post("/accounts", {"name": "Acme"})
    fields: dict[str, Any] = {"kind": kind, "status": "held", "held_at": held_at, "account_id": account["id"]}
    await actor.post("/activities", {"summary": f"A {kind}", **fields})


async def keep_time(owner: asyncpg.Connection, actor: Actor, time_zone: str, fiscal_year_start_month: int = 1) -> None:
    """Give the actor's organization a time zone and a fiscal year."""
    await owner.execute(
        "UPDATE organizations SET time_zone = $1, fiscal_year_start_month = $2, version = version + 1 "
        "WHERE id = (SELECT organization_id FROM users WHERE id = $3)",
        time_zone,
        fiscal_year_start_month,
        actor.user_id,
    )
