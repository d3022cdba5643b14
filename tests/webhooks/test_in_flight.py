import asyncio

import asyncpg
import pytest

from app.core.database import Database
from app.core.settings import Settings
from tests.builders.lanes import owed_endpoint
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.workers import until_settled, working
from tests.department import Department
from tests.webhooks.receivers import Receiver, answering, receiving


async def test_no_more_is_sent_than_may_come_again_while_nothing_can_be_settled(
    department: Department, settings: Settings, worker_database: Database, owner: asyncpg.Connection
) -> None:
    bounded = settings.model_copy(update={"webhook_in_flight": 4})
    settling_is_held_up = owner.transaction()
    async with receiving(answering(200)) as receiver:
        endpoint = await owed_endpoint(department, worker_database, owner, lanes=30, url=receiver.url)
        await settling_is_held_up.start()
        await owner.execute("LOCK TABLE webhook_attempts IN SHARE MODE")
        async with working(bounded):
            await _until_sent(receiver, 4, PATIENCE_SECONDS)
            with pytest.raises(TimeoutError):
                await _until_sent(receiver, 5)
            sent_meanwhile = len(receiver.requests)
            await settling_is_held_up.rollback()
            rows = await until_settled(owner, endpoint.id, 30)

    assert sent_meanwhile == 4
    assert len(receiver.requests) == 30
    assert {row["attempts"] for row in rows} == {1}


async def _until_sent(receiver: Receiver, count: int, patience_seconds: float = 0.5) -> None:
    async with asyncio.timeout(patience_seconds):
        while len(receiver.requests) < count:  # noqa: ASYNC110 # a receiver tells nobody
            await asyncio.sleep(0.01)
