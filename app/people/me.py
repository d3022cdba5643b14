"""The caller as a person: position, team, the team's manager, organization, and what they may do."""

from app.core.database import Transaction
from app.people import queries
from app.people.permissions import Position, Reach
from app.people.positions import permissions_of
from app.people.schemas import Me, Organization, Person, Team, User
from app.people.scopes import covers, scope_of


async def who_is(tx: Transaction) -> Me:
    """Describe the caller of the transaction."""
    user = await tx.fetch_row(queries.find_user, id=tx.caller.user_id)
    team = await tx.fetch_one(queries.find_team, id=user["team_id"])
    manager = await tx.fetch_one(queries.find_user, id=team["manager_id"] if team else None)
    organization = await tx.fetch_row(queries.find_organization)
    position = Position(user["position"])
    return Me(
        user=User.model_validate(dict(user)),
        position=position,
        team=Team.model_validate(dict(team)) if team else None,
        manager=Person.model_validate(dict(manager)) if manager else None,
        organization=Organization.model_validate(dict(organization)),
        scopes=list(tx.caller.scopes),
        permissions=_permissions(position, tx.caller.scopes),
    )


def _permissions(position: Position, scopes: tuple[str, ...]) -> dict[str, str]:
    """What the position may do, without what the credential was not given."""
    return {
        action: reach if covers(scopes, scope_of(action)) else Reach.NONE.word
        for action, reach in permissions_of(position).items()
    }
