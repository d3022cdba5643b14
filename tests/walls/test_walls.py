"""Organizations never see each other: every operation, every position, with both walls and with either one alone."""

import httpx
import pytest

from app.people.permissions import Position
from tests.builders.strangers import Asked, leaked
from tests.builders.walls import Forgetful, Walls
from tests.walls.conftest import Neighbours

pytestmark = pytest.mark.parametrize("neighbours", [Walls.BOTH, Walls.CODE, Walls.DATABASE], indirect=True)


def told_apart(asked: list[Asked]) -> list[tuple[str, str, str]]:
    return [(each.name, each.foreign.text, each.unknown.text) for each in asked if each.differs]


@pytest.mark.parametrize("position", Position)
async def test_a_record_of_others_is_one_that_nobody_has(neighbours: Neighbours, position: Position) -> None:
    asked = await neighbours.strangers.ask_for_all(position)

    expected = {each.name: neighbours.strangers.expected_status(each.operation, position) for each in asked}
    assert {each.name: each.foreign.status_code for each in asked} == expected
    assert told_apart(asked) == []
    assert len(asked) > 50
    assert await neighbours.changed_tables() == []


@pytest.mark.parametrize("position", Position)
async def test_a_part_of_others_is_one_that_nobody_has(neighbours: Neighbours, position: Position) -> None:
    asked = await neighbours.strangers.ask_below_own(position)

    assert {each.foreign.status_code for each in asked} <= {httpx.codes.FORBIDDEN, httpx.codes.NOT_FOUND}
    assert told_apart(asked) == []
    assert len(asked) > 2
    assert await neighbours.changed_tables() == []


@pytest.mark.parametrize("position", Position)
async def test_a_record_of_others_cannot_be_named(neighbours: Neighbours, position: Position) -> None:
    asked = [*await neighbours.strangers.mention_all(position), *await neighbours.strangers.filter_all(position)]

    assert told_apart(asked) == []
    assert len(asked) > 80
    assert await neighbours.changed_tables() == []


@pytest.mark.parametrize("position", Position)
async def test_no_answer_tells_an_id_of_others(neighbours: Neighbours, position: Position) -> None:
    answers = await neighbours.strangers.read_all(position)

    leaks = {answer.request.url.path: leaked(answer, neighbours.holdings) for answer in answers}
    assert {path: ids for path, ids in leaks.items() if ids} == {}
    assert sum(answer.status_code == httpx.codes.OK for answer in answers) > 20


async def test_the_wall_that_is_taken_away_is_gone(neighbours: Neighbours) -> None:
    database, before = neighbours.strangers.app.state.database, Forgetful.forgotten

    await neighbours.strangers.read_all(Position.SALES_MANAGER)
    async with database.begin_for_all() as tx:
        seen = await tx.connection.fetchval("SELECT count(*) FROM leads")

    assert (seen == 0) is neighbours.walls.has_policies
    assert (Forgetful.forgotten == before) is neighbours.walls.has_clauses
