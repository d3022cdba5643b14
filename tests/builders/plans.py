"""Plans of moves, and deals that are ready for one."""

from typing import Any

import httpx

from tests.builders.deals import add_contact_role
from tests.builders.evidence import hold_activity
from tests.department import Actor, Json

PLANS = "/opportunities/transition-plans"
EXECUTION = f"{PLANS}/execution"
LOST: Json = {"to_stage": "analysis", "loss_reason": "price"}
QUALIFIED: Json = {"to_stage": "qualification"}


async def open_deals(actor: Actor, count: int) -> list[Json]:
    """Deals of the actor's at the first stage."""
    items = [{"name": f"Deal {number}"} for number in range(count)]
    answer = await actor.post("/opportunities/batch", {"items": items}, expect=200)
    return [item["record"] for item in answer["items"]]


async def make_ready(actor: Actor, deal: Json) -> str:
    """Give a deal what it needs to be qualified; the id of the activity that was held."""
    await add_contact_role(actor, deal)
    activity = await hold_activity(actor, "call", opportunity_id=deal["id"])
    return str(activity["id"])


async def plan(actor: Actor, deals: list[Json], **wanted: Any) -> list[Json]:
    """What each of the deals could do."""
    ids = [deal["id"] for deal in deals]
    items: list[Json] = (await actor.post(PLANS, {"opportunity_ids": ids, **wanted}, expect=200))["items"]
    return items


async def execute(actor: Actor, planned: list[Json], key: str = "", **wanted: Any) -> httpx.Response:
    """Move what was planned (or deals, at the versions that they are known with)."""
    items = [
        {"opportunity_id": each.get("opportunity_id", each.get("id")), "version": each["version"]} for each in planned
    ]
    headers = {"Idempotency-Key": key} if key else None
    return await actor.request("POST", EXECUTION, json={"items": items, **wanted}, headers=headers)
