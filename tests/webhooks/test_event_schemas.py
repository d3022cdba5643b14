import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from app.core.database import Database
from app.core.settings import Settings
from app.demo.fill import fill
from app.outbox.catalogue import EventType
from app.people.callers import load_caller
from app.webhooks.examples import example_of
from app.webhooks.trial import sample
from tests.builders.event_schemas import NOT_EMITTED_YET, mistakes_in
from tests.builders.every_event import be_tested_and_gone, do_everything_else
from tests.department import Department


async def test_every_type_occurs_as_the_document_says_but_those_that_nothing_emits_yet(
    department: Department, database: Database, settings: Settings, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    operations = await load_caller(database, department.organization_id, department.operations.user_id)

    await fill(database, operations, seed=1)
    await do_everything_else(department, tmp_path)
    received = await be_tested_and_gone(department, settings)

    rows = await owner.fetch("SELECT body FROM events WHERE organization_id = $1", department.organization_id)
    bodies = [row["body"] for row in rows] + [message.body for message in received]
    assert {mistake for body in bodies for mistake in mistakes_in(body)} == set()
    assert {json.loads(body)["type"] for body in bodies} == set(EventType) - NOT_EMITTED_YET.keys()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("extra",), 1),
        (("subject", "type"), "lead"),
        (("timestamp",), "yesterday"),
        (("data", "object", "left_stage"), None),
        (("data", "object", "amount"), 24000.0),
        (("data", "before", "probability"), "40"),
        (("data", "before", "left_stage"), None),
        (("data", "before", "stage"), "negotiation"),
        (("data", "changed"), ["stage"]),
        (("data", "transition", "kind"), "sideways"),
    ],
)
def test_whatever_the_document_does_not_say_is_a_mistake(path: tuple[str, ...], value: object) -> None:
    event = example_of(EventType.OPPORTUNITY_STAGE_CHANGED)
    place: Any = event
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value

    mistakes = mistakes_in(json.dumps(event).encode())

    assert [mistake.partition(": ")[0] for mistake in mistakes] == ["opportunity.stage_changed"]


@pytest.mark.parametrize("event_type", EventType)
async def test_a_test_of_a_type_that_the_log_lacks_has_the_shape_of_the_type(
    department: Department, event_type: EventType
) -> None:
    _, body = sample(department.system, department.organization_id, event_type, None)

    assert mistakes_in(body) == []
    assert json.loads(body)["type"] == event_type
