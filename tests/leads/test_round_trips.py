"""What a new lead costs: round trips are most of it."""

import pytest

from app.core.settings import Settings
from tests.builders.far import service_over
from tests.builders.wire import wire_to
from tests.department import Department


@pytest.mark.without_pooler("counts round trips, and without prepared statements each statement takes two")
async def test_a_new_lead_costs_seven_round_trips(department: Department, settings: Settings) -> None:
    """BEGIN, the place in the e-mail's line, duplicates, the pipeline, the lead with its subject, its event, COMMIT."""
    rep = await department.representative()
    async with wire_to(str(settings.database_url)) as wire, service_over(wire, settings, rep) as far:
        for name in ("ann", "bo", "cy"):  # statements are prepared once
            await far.post("/leads", {"name": name, "email": f"{name}@example.com"})
        wire.sent.clear()
        await far.get("/event-types")  # nothing but who calls
        to_know_the_caller = len(wire.sent)
        wire.sent.clear()

        await far.post("/leads", {"name": "Di", "email": "di@example.com"})
        to_create = len(wire.sent) - to_know_the_caller

    assert to_create == 7
