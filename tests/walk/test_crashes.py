"""Killed in the middle of the walk: nothing is lost, and nobody restarts the service."""

import asyncio
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.builders.receiver import WebhookReceiver, listening
from tests.builders.server_process import ServerProcess, data_folder, serving_in
from tests.core.server_processes import postmaster_pid

_RECOVERY_SECONDS = 30

pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def home() -> Iterator[Path]:
    with data_folder() as folder:
        yield folder


async def test_postgres_is_killed_and_the_running_service_goes_on(home: Path) -> None:
    with serving_in(home) as server:
        async with listening() as receiver, _client(server) as client:
            await _subscribe(client, receiver)
            before = await _create_account(client)
            await receiver.until(lambda each: before in _subjects(each))

            os.kill(postmaster_pid(home / "postgres"), signal.SIGKILL)
            after = await _create_account_at_last(client)

            await receiver.until(lambda each: after in _subjects(each))
            assert (await client.get("/readyz")).status_code == httpx.codes.OK
            assert server.process.poll() is None


async def test_the_service_is_killed_and_delivers_what_it_owed_when_it_starts_again(home: Path) -> None:
    async with listening() as receiver:
        receiver.fail_first(1)
        with serving_in(home) as server:
            key = _first_key(server)
            async with _client(server) as client:
                await _subscribe(client, receiver)
                owed = await _create_account(client)
                await _until_refused_once(client)
            server.process.kill()
            server.process.wait(timeout=10)
        assert _subjects(receiver) == {owed}

        with serving_in(home) as server:
            async with _client(server, key) as client:
                also = await _create_account(client)

            await receiver.until(lambda each: [message.subject_id for message in each.messages].count(owed) > 1)
            await receiver.until(lambda each: also in _subjects(each))


def _client(server: ServerProcess, key: str | None = None) -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {key or _first_key(server)}"}
    return httpx.AsyncClient(base_url=server.url, headers=headers, timeout=10)


def _first_key(server: ServerProcess) -> str:
    key = re.search(r"slk_\w+", server.output.read_text())
    assert key is not None
    return key[0]


async def _subscribe(client: httpx.AsyncClient, receiver: WebhookReceiver) -> None:
    body = {"url": receiver.url, "event_types": ["account.created"]}
    (await client.post("/v1/webhook-endpoints", json=body)).raise_for_status()


async def _create_account(client: httpx.AsyncClient) -> str:
    answer = (await client.post("/v1/accounts", json={"name": "Acme"})).raise_for_status()
    account_id: str = answer.json()["id"]
    return account_id


async def _create_account_at_last(client: httpx.AsyncClient) -> str:
    async with asyncio.timeout(_RECOVERY_SECONDS):
        while True:
            try:
                return await _create_account(client)
            except httpx.HTTPStatusError as error:
                assert error.response.status_code == httpx.codes.SERVICE_UNAVAILABLE  # noqa: PT017 # or it is a bug
                await asyncio.sleep(0.1)


async def _until_refused_once(client: httpx.AsyncClient) -> None:
    """The refusal is settled: the next attempt is due in five seconds, not when a lease of a minute runs out."""
    endpoint_id = (await client.get("/v1/webhook-endpoints")).json()["items"][0]["id"]
    async with asyncio.timeout(_RECOVERY_SECONDS):
        while True:
            deliveries = (await client.get(f"/v1/webhook-endpoints/{endpoint_id}/deliveries")).json()["items"]
            if [delivery["attempts"] for delivery in deliveries] == [1]:
                return
            await asyncio.sleep(0.05)


def _subjects(receiver: WebhookReceiver) -> set[str]:
    return {message.subject_id for message in receiver.messages}
