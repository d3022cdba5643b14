"""The examples of how a department is steered: pipelines, targets, events and those who listen to them."""

from datetime import UTC, datetime

from app.core.settings import Settings
from tests.builders.receiver import listening
from tests.builders.workers import working
from tests.department import Actor, Json
from tests.examples.department import People


async def publish_pipelines(people: People) -> None:
    """A further pipeline, and a second version of it."""
    operations = people.operations
    standard = (await operations.get("/pipelines", subject="opportunity", is_default="true"))["items"][0]
    definition = (await operations.get(f"/pipelines/{standard['id']}"))["definition"]
    pipeline = await operations.post(
        "/pipelines", {"name": "Renewals", "subject": "opportunity", "definition": definition}
    )
    path = f"/pipelines/{pipeline['id']}/versions"
    first, *others = definition["stages"]
    published = await operations.post(
        path, {"definition": {**definition, "stages": [{**first, "expected_days": 21}, *others]}}
    )
    await operations.get(f"{path}/{published['number']}")
    await operations.get(path)
    await operations.get("/loss-reasons")


async def set_targets(people: People) -> None:
    """A team's target, its shares, and what has been attained of one that counts by now."""
    operations = people.operations
    target = await operations.post(
        "/team-targets",
        {
            "team_id": people.team_id,
            "metric": "revenue_won",
            "period": "2025Q4",
            "target_value": "150000.00",
            "currency": "USD",
        },
    )
    path = f"/team-targets/{target['id']}"
    await operations.patch(path, {"target_value": "180000.00"})
    await operations.put(
        f"{path}/allocations",
        [
            {"user_id": str(people.rep.user_id), "value": "120000.00"},
            {"user_id": str(people.account_manager.user_id), "value": "60000.00"},
        ],
    )
    for part in ("", "/allocations", "/attainment"):
        await operations.get(f"{path}{part}")
    await operations.get("/team-targets", team_id=people.team_id, metric="revenue_won")
    running = await operations.post(
        "/team-targets",
        {
            "team_id": people.team_id,
            "metric": "revenue_won",
            "period": f"{datetime.now(UTC):%Y-%m}",
            "target_value": "20000.00",
            "currency": "USD",
        },
    )
    await operations.get(f"/team-targets/{running['id']}/attainment/deals")
    await operations.delete(path)


async def listen(people: People, settings: Settings) -> None:
    """An endpoint from its first message to its last."""
    operations = people.operations
    async with listening() as receiver:
        endpoint = await operations.post(
            "/webhook-endpoints",
            {"url": receiver.url, "event_types": ["account.*", "opportunity.won"], "description": "The billing system"},
        )
        path = f"/webhook-endpoints/{endpoint['id']}"
        await operations.patch(path, {"max_concurrency": 1})
        await operations.post(f"{path}/test", {"type": "opportunity.won"}, expect=200)
        async with working(settings):
            await operations.post("/accounts", {"name": "Hill Estates"})
            await receiver.until_count(2)
    await _look_after(operations, path)


async def _look_after(operations: Actor, path: str) -> None:
    deliveries = await operations.get(f"{path}/deliveries", status="delivered")
    delivery = f"/webhook-deliveries/{deliveries['items'][0]['id']}"
    await operations.get(delivery)
    await operations.post(f"{delivery}/redelivery", expect=202)
    await operations.post(f"{path}/replay", {"since": "2026-11-01T00:00:00Z", "event_types": ["account.*"]}, expect=202)
    await operations.post(f"{path}/secret-rotation", {"expire_old_secret_in_seconds": 3600})
    await operations.post(f"{path}/enable", expect=200)
    await operations.get(path)
    await operations.get("/webhook-endpoints", state="enabled")
    await operations.delete(path)


async def read_events(people: People, deal_id: str) -> None:
    """The log of events."""
    operations = people.operations
    page: Json = await operations.get("/events", subject_id=deal_id, type="opportunity.won", limit=2)
    await operations.get(f"/events/{page['items'][0]['id']}")
    await operations.get("/event-types")


async def account_for_people(people: People, deal_id: str) -> None:
    """Why somebody may, who wrote what, what is held on a person, and how it is erased."""
    operations = people.operations
    await people.rep.get("/access-explanations", action="opportunities.write", resource=f"opportunity:{deal_id}")
    await operations.get("/audit-log", record_id=deal_id, record_type="opportunity", limit=2)
    for path, name in (("leads", "Flora Green"), ("contacts", "Basil Green")):
        person = await operations.post(f"/{path}", {"name": name, "email": "green@hills.example"})
        await operations.get(f"/{path}/{person['id']}/personal-data")
        await operations.post(f"/{path}/{person['id']}/erasure", expect=200)
