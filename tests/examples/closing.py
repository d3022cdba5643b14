"""The examples of what brings a deal to its end: activities, offers, contracts, stages, and what follows a sale."""

from tests.department import Actor, Json
from tests.examples.department import People


async def close(people: People, deal_id: str) -> None:
    """Bring a deal from its presentation to its very end."""
    rep = people.rep
    await hold_activities(people, deal_id)
    await move(rep, deal_id, "negotiation")
    await offer(people, deal_id)
    preview = {"to_stage": "closing", "dry_run": True}
    await rep.post(f"/opportunities/{deal_id}/transitions", preview, expect=200)
    await move(rep, deal_id, "closing")
    await sign(people, deal_id)
    await move(rep, deal_id, "follow_up")
    await follow_up(people, deal_id)
    await look_back(people, deal_id)


async def hold_activities(people: People, deal_id: str) -> None:
    """What is done about a deal."""
    rep = people.rep
    planned = await rep.post(
        "/activities",
        {
            "kind": "presentation",
            "summary": "Show the catalogue",
            "opportunity_id": deal_id,
            "planned_at": "2030-03-04T10:00:00Z",
            "duration_minutes": 45,
        },
    )
    path = f"/activities/{planned['id']}"
    await rep.patch(path, {"note": "Bring samples of both woods"})
    await rep.post(f"{path}/completion", {"status": "held", "note": "They liked the oak"}, expect=200)
    await rep.get(path)
    await rep.get("/activities", opportunity_id=deal_id, kind="presentation")


async def move(actor: Actor, deal_id: str, stage: str) -> None:
    await actor.post(f"/opportunities/{deal_id}/transitions", {"to_stage": stage})


async def offer(people: People, deal_id: str) -> None:
    """Offers: one that needs an approval and is accepted, one that is rejected, one that expires."""
    rep, manager = people.rep, people.manager
    terms: Json = {
        "opportunity_id": deal_id,
        "title": "Fences for two pastures",
        "amount": "24000.00",
        "pricing": "500 m at 48 USD",
        "terms": "30 days net",
        "delivery_timeline": "Six weeks",
        "valid_until_on": "2030-12-31",
    }
    path = f"/proposals/{(await rep.post('/proposals', {**terms, 'discount_percent': '12.50'}))['id']}"
    await rep.post(f"{path}/sending", expect=409)
    await rep.patch(path, {"title": "Fences for both pastures"})
    await manager.post(f"{path}/discount-approval", expect=200)
    await rep.post(f"{path}/sending", expect=200)
    await rep.get(path)
    for decision, body in (("rejection", {"note": "They want gates too"}), ("expiry", {})):
        other = await rep.post("/proposals", terms)
        await rep.post(f"/proposals/{other['id']}/sending", expect=200)
        await rep.post(f"/proposals/{other['id']}/{decision}", body, expect=200)
    await rep.post(f"{path}/acceptance", {"note": "Accepted by telephone"}, expect=200)
    await rep.get("/proposals", opportunity_id=deal_id, status="accepted")


async def sign(people: People, deal_id: str) -> None:
    """A contract that is signed, and one that is terminated."""
    rep = people.rep
    fields: Json = {"opportunity_id": deal_id, "amount": "24000.00", "starts_on": "2030-05-01", "ends_on": "2031-04-30"}
    first = f"/contracts/{(await rep.post('/contracts', {**fields, 'number': 'C-2030-017'}))['id']}"
    await rep.patch(first, {"ends_on": "2032-04-30"})
    await rep.post(f"{first}/signature", {"signed_on": "2026-01-15"}, expect=200)
    await rep.get(first)
    await rep.get("/contracts", opportunity_id=deal_id)
    second = f"/contracts/{(await rep.post('/contracts', fields))['id']}"
    await rep.post(f"{second}/signature", {"signed_on": "2026-01-15"}, expect=200)
    await rep.post(f"{second}/termination", {"reason": "They gave the second pasture up"}, expect=200)


async def follow_up(people: People, deal_id: str) -> None:
    """What comes after a sale, until the deal is complete."""
    rep, account_manager = people.rep, people.account_manager
    handoff: Json = {"opportunity_id": deal_id, "to_user_id": str(account_manager.user_id)}
    for decision, note in (("rejection", "I am on leave until May"), ("acceptance", "Call booked for Monday")):
        requested = await rep.post("/handoffs", {**handoff, "note": "Ann prefers calls in the morning"})
        path = f"/handoffs/{requested['id']}"
        await account_manager.post(f"{path}/{decision}", {"note": note}, expect=200)
    await rep.get(path)
    await rep.get("/handoffs", opportunity_id=deal_id, status="accepted")
    survey = await rep.post(
        "/satisfaction-surveys",
        {"opportunity_id": deal_id, "status": "answered", "score": 9, "comment": "On time, and they tidied up"},
    )
    await rep.get(f"/satisfaction-surveys/{survey['id']}")
    await rep.get("/satisfaction-surveys", opportunity_id=deal_id)
    issue = await rep.post("/issues", {"opportunity_id": deal_id, "title": "A gate does not close", "severity": "high"})
    await rep.post(f"/issues/{issue['id']}/resolution", {"resolution": "Hinges replaced on site"}, expect=200)
    await rep.get(f"/issues/{issue['id']}")
    await rep.get("/issues", opportunity_id=deal_id)
    await move(rep, deal_id, "analysis")
    review = await rep.post(
        "/reviews",
        {
            "opportunity_id": deal_id,
            "reasons": ["Price", "Delivery time"],
            "competitor": "Wire & Sons",
            "lesson": "Show the catalogue early",
        },
    )
    await rep.get(f"/reviews/{review['id']}")
    await rep.get("/reviews", opportunity_id=deal_id)
    await move(rep, deal_id, "completed")


async def look_back(people: People, deal_id: str) -> None:
    """The deal as it is in the end."""
    await people.rep.get(f"/opportunities/{deal_id}")
    await people.rep.get(f"/opportunities/{deal_id}/transitions", limit=3)
    await people.rep.get("/opportunities", outcome="won", sort="-amount", limit=2)
