"""What an explanation says is what the API does: for every action, position and relation to the record."""

import pytest

from app.people.permissions import MATRIX, Position, Reach
from tests.builders.access import ask_why, reference_to
from tests.builders.matrix import FORBIDDEN, LINES, MISSING, NEEDED, TEAMS, Relation, cells
from tests.builders.targets import set_target_beside, set_target_of
from tests.department import Department


@pytest.mark.parametrize(("action", "position", "relation"), cells())
async def test_an_explanation_agrees_with_the_api(
    department: Department, action: str, position: Position, relation: Relation
) -> None:
    line = LINES[action]
    actor = await department.hire(position, "north")
    owner = actor if relation is Relation.OWN else await department.representative(TEAMS[relation])
    record_id = await line.make(department, owner)
    reference = reference_to(action, record_id)

    of_operations = await ask_why(department.operations, action, reference, actor)
    of_actor = await ask_why(actor, action, reference)
    tried = await line.attempt(department, actor, record_id)

    explained = of_operations.json()
    assert of_operations.status_code == 200, explained
    assert explained["allowed"] == (tried.status_code not in {FORBIDDEN, MISSING}), explained
    if reference is not None and MATRIX[line.read][position] < NEEDED[relation]:
        assert of_actor.status_code == MISSING
        assert explained["refused_by"] == ("position" if MATRIX[action][position] is Reach.NONE else "sight")
    else:
        told = of_actor.json()
        assert {**told, "people_who_may": None} == {**explained, "people_who_may": None}


@pytest.mark.parametrize("action", [action for action, line in LINES.items() if line.status < 300])
async def test_whoever_is_named_may(department: Department, action: str) -> None:
    line = LINES[action]
    manager, support = await department.manager(), await department.hire(Position.SALES_SUPPORT_SPECIALIST, "north")
    owner = await department.representative()
    people = {str(each.user_id): each for each in (manager, support, owner, department.operations)}
    record_id = await line.make(department, owner)

    answer = await ask_why(manager, action, reference_to(action, record_id))

    named = [people[each["id"]] for each in answer.json()["people_who_may"] if each["id"] in people]
    assert named
    for actor in people.values():
        is_kept = line.make in {set_target_of, set_target_beside}  # a person has one target of a kind
        tried = await line.attempt(department, actor, record_id if is_kept else await line.make(department, owner))
        assert (actor in named) == (tried.status_code not in {FORBIDDEN, MISSING}), actor.position
