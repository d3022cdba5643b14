"""What a move costs: round trips are most of it."""

import pytest

from app.core.settings import Settings
from tests.builders.far import service_over
from tests.builders.wire import wire_to
from tests.department import Department

FORWARD = {"to_stage": "qualification", "override_reason": "agreed by phone"}
BACK = {"to_stage": "prospecting", "reason": "They ask again"}


@pytest.mark.without_pooler("counts round trips, and without prepared statements each statement takes two")
async def test_a_move_costs_four_round_trips(department: Department, settings: Settings) -> None:
    """BEGIN with the lock, the reading, one statement that writes everything, COMMIT."""
    manager = await department.manager()
    deal = await manager.post("/opportunities", {"name": "GTX"})
    path = f"/opportunities/{deal['id']}/transitions"
    async with wire_to(str(settings.database_url)) as wire, service_over(wire, settings, manager) as far:
        for move in (FORWARD, BACK, FORWARD):  # statements are prepared once
            await far.post(path, move)
        wire.sent.clear()
        await far.get("/event-types")  # nothing but who calls
        to_know_the_caller = len(wire.sent)
        wire.sent.clear()

        await far.post(path, BACK)
        to_move = len(wire.sent) - to_know_the_caller

    assert to_move == 4
