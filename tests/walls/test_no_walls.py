"""The questions that find nothing behind a wall find the other organization where there is none."""

import pytest

from app.people.permissions import Position
from tests.builders.strangers import leaked
from tests.builders.walls import Walls
from tests.walls.conftest import Neighbours

pytestmark = pytest.mark.parametrize("neighbours", [Walls.NEITHER], indirect=True)


async def test_without_walls_every_kind_of_question_finds_others(neighbours: Neighbours) -> None:
    strangers, position = neighbours.strangers, Position.SALES_OPERATIONS_SPECIALIST

    read = [answer for answer in await strangers.read_all(position) if leaked(answer, neighbours.holdings)]
    filtered = [each for each in await strangers.filter_all(position) if each.differs]
    named = [each for each in await strangers.mention_all(position) if each.differs]
    asked = [each for each in await strangers.ask_for_all(position) if each.differs]

    assert all([read, filtered, named, asked])
    assert await neighbours.changed_tables() != []
