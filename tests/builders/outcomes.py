"""Builders: deals that are closed, by the moves that people make."""

from tests.department import Actor, Department, Json

_STAGES_TO_WON = ("qualification", "presentation", "negotiation", "closing", "follow_up")


async def win_deal(manager: Actor, opportunity_id: str) -> Json:
    """Bring a deal from its first stage to `follow_up`; the manager overrides what evidence is missing."""
    for stage in _STAGES_TO_WON:
        moved = await move_deal(manager, opportunity_id, stage)
    return moved


async def complete_deal(manager: Actor, opportunity_id: str) -> Json:
    """Bring a won deal to its end."""
    await move_deal(manager, opportunity_id, "analysis")
    return await move_deal(manager, opportunity_id, "completed")


async def lose_deal(actor: Actor, opportunity_id: str) -> Json:
    """Lose an open deal for its price."""
    return await actor.post(
        f"/opportunities/{opportunity_id}/transitions", {"to_stage": "analysis", "loss_reason": "price"}
    )


async def move_deal(manager: Actor, opportunity_id: str, stage: str) -> Json:
    """Move a deal, overriding what is missing."""
    return await manager.post(
        f"/opportunities/{opportunity_id}/transitions", {"to_stage": stage, "override_reason": "agreed by phone"}
    )


async def open_deal_of(department: Department, owner: Actor) -> str:
    """The id of a new deal that belongs to the person, whatever their position."""
    deal = await department.operations.post("/opportunities", {"name": "A deal", "owner_id": str(owner.user_id)})
    return str(deal["id"])


async def won_deal_of(department: Department, owner: Actor) -> str:
    """The id of a won deal that belongs to the person."""
    opportunity_id = await open_deal_of(department, owner)
    await win_deal(await manager_over(department, owner), opportunity_id)
    return opportunity_id


async def lost_deal_of(department: Department, owner: Actor) -> str:
    """The id of a lost deal that belongs to the person."""
    opportunity_id = await open_deal_of(department, owner)
    await lose_deal(await manager_over(department, owner), opportunity_id)
    return opportunity_id


async def manager_over(department: Department, owner: Actor) -> Actor:
    """A manager in the person's own team."""
    names = {team_id: name for name, team_id in department.teams.items()}
    return await department.manager(names[owner.team_id] if owner.team_id else None)
