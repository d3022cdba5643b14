"""What it costs to know who calls: once a second for each credential."""

import pytest

from app.core.settings import Settings
from tests.builders.far import service_over
from tests.builders.wire import wire_to
from tests.department import Department


@pytest.mark.without_pooler("counts round trips, and without prepared statements each statement takes two")
async def test_to_know_a_caller_costs_five_round_trips(department: Department, settings: Settings) -> None:
    """BEGIN with the key's id, the key, COMMIT, its user, the teams below."""
    rep = await department.representative()
    async with wire_to(str(settings.database_url)) as wire, service_over(wire, settings, rep) as far:
        for _ in range(3):  # statements are prepared once
            await far.get("/event-types")
        wire.sent.clear()

        await far.get("/event-types")  # asks for nothing else

        assert len(wire.sent) == 5
