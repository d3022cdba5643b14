"""Putting an explanation together: who is asked about, what decides, and who may instead."""

from uuid import UUID

from app.access.decision import decide
from app.access.resources import ABOUT_RECORDS, Resource, ResourceType, actions_on, find_resource
from app.access.schemas import AccessExplanation, AccessPerson, AccessPosition, AccessQuery
from app.access.words import reasons
from app.core.database import Row, Transaction
from app.core.problems import Invalid
from app.people.colleagues import as_caller, find_colleague, find_near
from app.people.permissions import MATRIX, Position, Reach, demand, demand_record, reach_of, who_may
from app.people.positions import JOBS

_SEE_PEOPLE = "people.read"
_MOST_PEOPLE = 20


async def explain(tx: Transaction, query: AccessQuery) -> AccessExplanation:
    """Say whether the person may, and why.

    Raises `NotFound` for a record beyond the caller's own reach, `Forbidden` for another person unless the caller may
    see people, and `Invalid` for an action that is not about that kind of record, or an unknown person.
    """
    resource = await _find_resource(tx, query)
    person = await _find_person(tx, query.user_id)
    position = Position(person["position"])
    is_own = person["id"] == tx.caller.user_id  # of others it is not known which credential they would use
    caller = tx.caller if is_own else as_caller(tx.caller.organization_id, person)
    decision = decide(caller, query.action, resource)
    return AccessExplanation(
        action=query.action,
        resource=query.resource,
        user=_person(person),
        allowed=decision.is_allowed,
        reach=decision.reach.word,
        relation=decision.relation,
        refused_by=decision.refused_by,
        duty=decision.duty.code if decision.duty else None,
        reasons=reasons(position, query.action, resource, decision),
        positions_that_may=[_position(each, query.action) for each in who_may(query.action)],
        people_who_may=await _people_who_may(tx, query.action, resource),
    )


async def _find_resource(tx: Transaction, query: AccessQuery) -> Resource | None:
    reference = query.reference()
    if reference is None:
        if query.action in ABOUT_RECORDS:
            raise Invalid.at("/query/resource", "missing", "This action is about a record: name it.")
        return None
    kind, record_id = reference
    if query.action not in actions_on(kind):
        raise Invalid.at("/query/resource", "other_kind", f"This action is {_kinds_of(query.action)}.")
    resource = await find_resource(tx, kind, record_id)
    demand_record(tx.caller, resource.read, None, resource.record)
    return resource


def _kinds_of(action: str) -> str:
    kinds = [kind for kind in ResourceType if action in actions_on(kind)]
    return f"about one of these: {', '.join(kinds)}" if kinds else "about the organization, not about a record"


async def _find_person(tx: Transaction, user_id: UUID | None) -> Row:
    wanted = user_id or tx.caller.user_id
    if wanted != tx.caller.user_id:
        demand(tx.caller, _SEE_PEOPLE)
    person = await find_colleague(tx, wanted)
    if person is None:
        raise Invalid.at("/query/user_id", "unknown_reference", "There is no such active user.")
    return person


async def _people_who_may(tx: Transaction, action: str, resource: Resource | None) -> list[AccessPerson] | None:
    if reach_of(tx.caller, _SEE_PEOPLE) is Reach.NONE:
        return None
    row = MATRIX[action]
    everywhere = [each for each in who_may(action) if resource is None or row[each] is Reach.ORGANIZATION]
    record = resource.record if resource is not None else {"owner_id": None, "team_id": None}
    near = await find_near(tx, everywhere, who_may(action), record["owner_id"], record["team_id"])
    allowed = [
        _person(each)
        for each in near
        if decide(as_caller(tx.caller.organization_id, each), action, resource).is_allowed
    ]
    return allowed[:_MOST_PEOPLE]


def _person(row: Row) -> AccessPerson:
    return AccessPerson(id=row["id"], name=row["name"], position=row["position"])


def _position(position: Position, action: str) -> AccessPosition:
    return AccessPosition(position=position, title=JOBS[position].title, reach=MATRIX[action][position].word)
