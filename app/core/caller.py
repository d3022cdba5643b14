"""Who is calling: found by the credential, carried through the request."""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

SYSTEM = "system"
_CALLER = "stageline.caller"


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


def note_caller(scope: MutableMapping[str, Any], caller: Caller) -> None:
    """Remember with a request who sent it, for the lines that are logged of it."""
    scope[_CALLER] = caller


def told_of_caller(scope: Mapping[str, Any]) -> dict[str, str]:
    """Who sent a request, by ids, as logs tell it; empty while that is not known."""
    caller: Caller | None = scope.get(_CALLER)
    if caller is None:
        return {}
    return {
        "organization": str(caller.organization_id),
        "user": str(caller.user_id),
        "credential": caller.credential_id,
    }
