"""Hiring the demonstration department: its teams, its people, and who manages which team."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from app.core.caller import Caller
from app.core.database import Database
from app.demo import cast
from app.people.callers import load_caller
from app.people.permissions import Position
from app.people.staffing import change_team, create_team, hire


@dataclass(frozen=True, slots=True)
class Staff:
    """The teams by name, and their people as callers."""

    teams: Mapping[str, UUID]
    people: tuple[tuple[str, Caller], ...]

    def of(self, team: str, *positions: Position) -> list[Caller]:
        """Who works in the team in one of the positions."""
        return [caller for name, caller in self.people if name == team and caller.position in positions]


async def hire_staff(database: Database, operations: Caller) -> Staff:
    """Make the teams and hire everybody; a team's sales manager manages it."""
    teams: dict[str, UUID] = {}
    hired: list[tuple[str, UUID]] = []
    async with database.begin(operations) as tx:
        for name, parent in cast.TEAMS.items():
            fields = {"name": name, "parent_id": teams[parent] if parent else None, "manager_id": None}
            teams[name] = (await create_team(tx, fields))["id"]
        for name, position, team in cast.PEOPLE:
            email = name.lower().replace(" ", ".") + "@stageline.example"
            fields = {"name": name, "email": email, "position": position, "team_id": teams[team], "external_id": None}
            user_id = (await hire(tx, fields))["id"]
            hired.append((team, user_id))
            if position is Position.SALES_MANAGER:
                await change_team(tx, teams[team], {"manager_id": user_id}, None)
    callers = [(team, await load_caller(database, operations.organization_id, user_id)) for team, user_id in hired]
    return Staff(teams, tuple(callers))
