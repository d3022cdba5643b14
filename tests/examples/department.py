"""The people of the examples: a department that sells fences, and what it has before its first deal."""

from dataclasses import dataclass
from uuid import UUID

from app.core.database import Database
from app.founding import create_organization
from app.people.permissions import Position
from tests.department import Actor, Json
from tests.examples.recording import RecordingClient


@dataclass
class People:
    """Who acts in the examples."""

    operations: Actor
    rep: Actor
    manager: Actor
    account_manager: Actor
    team_id: str


async def gather(database: Database, http: RecordingClient) -> People:
    """Found the organization and hire its people, through the API as far as it goes."""
    founded = await create_organization(database, "Fields & Hedges Ltd")
    operations = Actor(founded.user_id, Position.SALES_OPERATIONS_MANAGER, None, str(founded.key), http)
    await operations.patch(
        "/organization", {"time_zone": "Europe/Berlin", "fiscal_year_start_month": 4, "discount_limit_percent": "10.00"}
    )
    await operations.patch(f"/users/{founded.user_id}", {"name": "Olga Petrov", "email": "olga@hedges.example"})
    team = await operations.post("/teams", {"name": "Sales North"})
    people = [
        await _hire(operations, team, name, position)
        for name, position in (
            ("Rosa Lind", Position.SALES_REPRESENTATIVE),
            ("Malik Stone", Position.SALES_MANAGER),
            ("Akira Moss", Position.ACCOUNT_MANAGER),
        )
    ]
    rep, manager, account_manager = people
    await operations.patch(f"/teams/{team['id']}", {"manager_id": str(manager.user_id)})
    await operations.post("/teams", {"name": "Sales North-West", "parent_id": team["id"]})
    return People(operations, rep, manager, account_manager, team["id"])


async def read_about_people(people: People) -> None:
    """Everything that can be read about the department itself."""
    operations = people.operations
    await people.rep.get("/me")
    for path in ("/positions", "/organization", f"/users/{people.rep.user_id}", f"/teams/{people.team_id}"):
        await operations.get(path)
    await operations.get("/users", team_id=people.team_id, sort="name")
    await operations.get("/teams", q="north")
    key = await operations.post(
        "/api-keys", {"user_id": str(people.rep.user_id), "name": "Nightly export", "scopes": ["*:read"]}
    )
    await operations.get(f"/api-keys/{key['id']}")
    await operations.get("/api-keys", user_id=str(people.rep.user_id))
    await operations.post(f"/api-keys/{key['id']}/rotation", {"expire_old_secret_in_seconds": 86_400})
    await operations.delete(f"/api-keys/{key['id']}")


async def _hire(operations: Actor, team: Json, name: str, position: Position) -> Actor:
    email = f"{name.split(maxsplit=1)[0].lower()}@hedges.example"
    user = await operations.post(
        "/users", {"name": name, "email": email, "position": position, "team_id": team["id"], "external_id": email}
    )
    key = await operations.post(
        "/api-keys", {"user_id": user["id"], "name": f"Key of {name}", "expires_at": "2099-12-31T23:00:00Z"}
    )
    return Actor(UUID(user["id"]), position, UUID(team["id"]), key["key"], operations.http)
