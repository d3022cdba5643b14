"""Access in the words of a sales person."""

from collections.abc import Iterator

from app.access.decision import Decision, RefusedBy
from app.access.resources import Resource
from app.people.permissions import MATRIX, Position, Reach, Relation, who_may
from app.people.positions import JOBS
from app.people.scopes import scope_of

_THINGS = {
    "accounts": "accounts and contacts",
    "opportunities": "deals",
    "handoffs": "the handing over of won deals",
    "reviews": "win/loss reviews",
    "satisfaction": "what customers answer",
    "issues": "customer issues",
    "team_targets": "team targets",
    "webhooks": "webhook endpoints",
    "events": "the log of events",
    "api_keys": "API keys",
    "people": "users and teams",
    "audit_log": "the audit log",
    "reference": "positions and other reference data",
}
_DEEDS = {
    "transitions.qualify": "move leads and deals up to qualification",
    "transitions.advance": "move deals beyond qualification, win and lose them",
    "transitions.override": "move deals although criteria are unmet, and reopen them",
    "discounts.approve": "approve discounts",
    "personal_data.erase": "erase what is known of a person",
}
_REACHES = {
    Reach.OWN: "where they are the person's own",
    Reach.TEAM: "of the person's own team and the teams below it",
    Reach.ORGANIZATION: "throughout the organization",
}
_RELATIONS = {
    Relation.OWN: "is the person's own",
    Relation.OWN_TEAM: "is of the person's own team",
    Relation.TEAM_BELOW: "is of a team below the person's",
    Relation.ELSEWHERE: "is neither the person's own nor of their teams",
}


def deed(action: str) -> str:
    """What an action lets one do: "change deals"."""
    if action in _DEEDS:
        return _DEEDS[action]
    area, verb = action.split(".")
    return f"{'see' if verb == 'read' else 'change'} {_THINGS.get(area, area.replace('_', ' '))}"


def reasons(position: Position, action: str, resource: Resource | None, decision: Decision) -> list[str]:
    """Why somebody in the position may or may not, one sentence each."""
    return list(_reasons(position, action, resource, decision))


def _reasons(position: Position, action: str, resource: Resource | None, decision: Decision) -> Iterator[str]:
    title = JOBS[position].title
    if decision.reach is Reach.NONE:
        yield f"{title}: may not {deed(action)}."
    else:
        yield f"{title}: may {deed(action)}, {_REACHES[decision.reach]}."
    if resource is not None and decision.relation is not None:
        yield f"This {_noun(resource)} {_RELATIONS[decision.relation]}."
    if resource is not None and decision.refused_by is RefusedBy.SIGHT:
        seeing = MATRIX[resource.read][position]
        yield f"They do not see it: they {deed(resource.read)} only {_REACHES[seeing]}."
    if decision.refused_by is RefusedBy.SCOPE:
        yield f"The credential was not given the scope `{scope_of(action)}`."
    if decision.refused_by is RefusedBy.SUBJECT:
        yield "What this activity is about is out of the person's sight."
    if decision.duty is not None:
        yield decision.duty.words
    if decision.refused_by is not None:
        yield f"Who may {deed(action)}: {_those_who_may(action)}."


def _noun(resource: Resource) -> str:
    return {"opportunity": "deal", "team_target": "target"}.get(resource.type, resource.type)


def _those_who_may(action: str) -> str:
    said = [f"{JOBS[each].title.lower()} ({MATRIX[action][each].word})" for each in who_may(action)]
    return ", ".join(said)
