"""Who is calling: found by the credential, carried through the request."""

from dataclasses import dataclass
from uuid import UUID

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Caller:
    """A person acting in one organization, in one position.

    `team_ids` are the own team and all teams below it; `scopes` are what the credential was given of the position;
    `credential_id` names it where its uses are counted.
    """

    organization_id: UUID
    user_id: UUID
    position: str
    team_id: UUID | None
    team_ids: tuple[UUID, ...]
    scopes: tuple[str, ...] = ()
    credential_id: str = ""

    @classmethod
    def system(cls, organization_id: UUID) -> "Caller":
        """The service itself, acting for an organization; it has no position, so no permission."""
        return cls(organization_id, UUID(int=0), SYSTEM, None, ())
