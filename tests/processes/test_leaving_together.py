"""How several processes leave: all of them, in good order, and their Postgres after them."""

import asyncio
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.builders.receiver import PATIENCE_SECONDS, listening
from tests.builders.server_process import data_folder, serving_in
from tests.builders.siblings import all_left, siblings_of
from tests.core.server_processes import is_accepting

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def home() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


@pytest.mark.parametrize(("told", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
async def test_they_show_one_key_deliver_webhooks_and_leave_before_their_postgres(
    home: Path, told: signal.Signals, code: int
) -> None:
    async with listening() as receiver:
        with serving_in(home, "--workers", "2") as server:
            (key,) = set(re.findall(r"slk_\w+", server.output.read_text()))
            headers = {"Authorization": f"Bearer {key}"}
            async with httpx.AsyncClient(base_url=f"{server.url}/v1", headers=headers) as client:
                endpoint = {"url": receiver.url, "event_types": ["account.created"]}
                (await client.post("/webhook-endpoints", json=endpoint)).raise_for_status()
                account = (await client.post("/accounts", json={"name": "Acme"})).raise_for_status().json()
            await receiver.until(lambda each: bool(each.messages))
            processes = siblings_of(server)

            server.process.send_signal(told)
            ended_with = await asyncio.to_thread(server.process.wait, PATIENCE_SECONDS)

    assert [message.subject_id for message in receiver.messages] == [account["id"]]
    assert len(processes) == 2
    await all_left(processes)
    assert ended_with == code
    assert not is_accepting(home / "postgres")
    assert "Traceback" not in server.output.read_text()


async def test_processes_whose_parent_was_killed_leave_by_themselves(home: Path) -> None:
    with serving_in(home, "--workers", "2", "--no-worker") as server:
        processes = siblings_of(server)

        server.process.kill()

        await all_left(processes)
    assert len(processes) == 2
