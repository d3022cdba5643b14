"""May somebody do this to that record? The routes' own checks, asked without doing it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.access.resources import Resource
from app.core.caller import Caller
from app.people.duties import Duty, broken_duty
from app.people.permissions import Reach, Relation, is_within, reach_of, relation_of
from app.people.scopes import covers, scope_of
from app.proposals.authority import APPROVAL_DUTIES, APPROVE
from app.team_targets import authority as targets

DUTIES: Mapping[str, tuple[Duty, ...]] = {APPROVE: APPROVAL_DUTIES, targets.WRITE: targets.DUTIES}


class RefusedBy(StrEnum):
    """What refuses: the position, the scopes of the credential, sight, reach, or a separation of duties."""

    POSITION = "position"
    SCOPE = "scope"
    SIGHT = "sight"
    REACH = "reach"
    SUBJECT = "subject"
    SEPARATION_OF_DUTY = "separation_of_duty"


@dataclass(frozen=True, slots=True)
class Decision:
    """How far the position carries the action, how the record relates to the person, and what refuses, if anything.

    `duty` is the rule where it is one of separation of duty that refuses.
    """

    reach: Reach
    relation: Relation | None
    refused_by: RefusedBy | None = None
    duty: Duty | None = None

    @property
    def is_allowed(self) -> bool:
        return self.refused_by is None


def decide(caller: Caller, action: str, resource: Resource | None) -> Decision:
    """Whether the caller may; without a resource, whether the position may at all."""
    reach = reach_of(caller, action)
    relation = relation_of(caller, resource.record) if resource is not None else None
    refused_by = _refusal(caller, action, resource)
    if refused_by is not None or resource is None:
        return Decision(reach, relation, refused_by)
    duty = broken_duty(DUTIES.get(action, ()), caller, resource.record)
    return Decision(reach, relation, RefusedBy.SEPARATION_OF_DUTY if duty else None, duty)


def _refusal(caller: Caller, action: str, resource: Resource | None) -> RefusedBy | None:
    """What refuses before separation of duty is asked, in the order of the routes."""
    if reach_of(caller, action) is Reach.NONE:
        return RefusedBy.POSITION
    if not covers(caller.scopes, scope_of(action)):
        return RefusedBy.SCOPE
    return _refusal_of_record(caller, action, resource) if resource is not None else None


def _refusal_of_record(caller: Caller, action: str, resource: Resource) -> RefusedBy | None:
    if not is_within(caller, resource.read, resource.record):
        return RefusedBy.SIGHT
    if not is_within(caller, action, resource.record):
        return RefusedBy.REACH
    about = resource.needs.get(action)
    if about is not None and not is_within(caller, about.read, about.record):
        return RefusedBy.SUBJECT
    return None
