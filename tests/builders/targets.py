"""Builders: targets of teams and people, set by the manager of operations."""

from typing import Any

from app.people.permissions import Position
from tests.department import Actor, Department, Json


async def set_target(department: Department, team: str = "north", person: Actor | None = None, **fields: Any) -> Json:
    """A target of the team, or of the person in it: 1,000 USD in November 2026 unless said otherwise."""
    user_id = str(person.user_id) if person else None
    value: Json = {"metric": "revenue_won", "period": "2026-11", "target_value": "1000.00", **fields}
    if value["metric"] == "revenue_won":
        value.setdefault("currency", "USD")
    return await department.operations.post(
        "/team-targets", {"team_id": str(department.teams[team]), "user_id": user_id, **value}
    )


async def set_target_of(department: Department, owner: Actor) -> str:
    """The id of a target of the person, in their own team."""
    names = {team_id: name for name, team_id in department.teams.items()}
    assert owner.team_id is not None
    return str((await set_target(department, names[owner.team_id], owner))["id"])


async def set_target_beside(department: Department, owner: Actor) -> str:
    """The id of a target of somebody else in the person's team: nobody sets a target of their own."""
    names = {team_id: name for name, team_id in department.teams.items()}
    assert owner.team_id is not None
    return await set_target_of(department, await department.hire(Position.SALES_REPRESENTATIVE, names[owner.team_id]))
