"""A deal with a discount that needs an approval, and what becomes of it when the deal is given to somebody else."""

from uuid import uuid4

from tests.builders.evidence import draft_proposal
from tests.department import Actor, Json


async def give(actor: Actor, deal: Json, to: Actor) -> None:
    """Make somebody else the deal's owner."""
    await actor.post(f"/opportunities/{deal['id']}/assignment", {"owner_id": str(to.user_id)}, expect=200)


async def discounted_deal(owner: Actor) -> tuple[Json, str]:
    """A deal of the person's, and the path of a draft with a discount above the limit."""
    deal = await owner.post("/opportunities", {"name": "A deal", "external_id": str(uuid4()), "amount": "1000.00"})
    proposal = await draft_proposal(owner, deal["id"], discount_percent="20")
    return deal, f"/proposals/{proposal['id']}"


async def bring_to_negotiation(manager: Actor, deal: Json) -> None:
    """Move the deal there, overriding what is missing."""
    for stage in ("qualification", "presentation", "negotiation"):
        move = {"to_stage": stage, "override_reason": "agreed by phone"}
        await manager.post(f"/opportunities/{deal['id']}/transitions", move)


async def waits_for_approval(manager: Actor, deal: Json) -> bool:
    """Whether a discount holds the deal back from closing."""
    options = (await manager.get(f"/opportunities/{deal['id']}/available-transitions"))["items"]
    (closing,) = [each for each in options if each["to_stage"] == "closing"]
    return "discount_within_limit" in {each["id"] for each in closing["criteria"] if not each["satisfied"]}
