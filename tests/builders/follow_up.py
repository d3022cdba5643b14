"""Builders: the evidence that a won deal leaves behind."""

from tests.department import Actor, Json


async def hand_off(actor: Actor, account_manager: Actor, opportunity_id: str) -> Json:
    """An accepted hand-off of a won deal."""
    requested = await actor.post(
        "/handoffs", {"opportunity_id": opportunity_id, "to_user_id": str(account_manager.user_id)}
    )
    return await account_manager.post(f"/handoffs/{requested['id']}/acceptance", expect=200)


async def record_satisfaction(actor: Actor, opportunity_id: str, score: int | None = 9) -> Json:
    """An answer with a score, or an attempt without one."""
    status = "attempted" if score is None else "answered"
    return await actor.post(
        "/satisfaction-surveys", {"opportunity_id": opportunity_id, "status": status, "score": score}
    )


async def open_issue(actor: Actor, opportunity_id: str) -> Json:
    """A customer's problem that is open."""
    return await actor.post("/issues", {"opportunity_id": opportunity_id, "title": "The invoice is wrong"})


async def file_review(actor: Actor, opportunity_id: str) -> Json:
    """The review of a closed deal."""
    return await actor.post(
        "/reviews",
        {"opportunity_id": opportunity_id, "reasons": ["The price"], "competitor": "Globex", "lesson": "Ask earlier"},
    )
