"""How a real server leaves: what it has begun it finishes, and it says so before."""

import asyncio
import os
import signal
import sys

import httpx
import pytest

from app.core.secret_keys import new_key
from app.core.settings import Settings
from bench.processes import free_port
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.server_process import STAGELINE, database_variables, serving_on
from tests.department import Department


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_a_server_that_is_asked_to_leave_is_not_ready_and_answers_all_that_comes_until_then(
    settings: Settings, department: Department, processes: str
) -> None:
    with serving_on(settings, "--workers", processes, shutdown_delay_seconds=3) as server:
        headers = {"Authorization": f"Bearer {department.operations.key}"}
        is_leaving = asyncio.Event()
        async with httpx.AsyncClient(base_url=server.url, headers=headers, timeout=PATIENCE_SECONDS) as client:

            async def ask() -> list[httpx.Response]:
                answers = []
                while not is_leaving.is_set():
                    answers.append(await client.post("/v1/accounts", json={"name": "Acme"}))
                return answers

            asking = [asyncio.create_task(ask()) for _ in range(8)]
            await client.get("/livez")
            server.process.send_signal(signal.SIGTERM)
            readiness = [await client.get("/readyz")]
            while readiness[-1].status_code == 200:
                readiness.append(await client.get("/readyz"))
            closing = await client.get("/livez")
            while processes != "1" and "connection" not in closing.headers:  # another's, which has not heard of it yet
                closing = await client.get("/livez")
            is_leaving.set()
            answers = [answer for task in asking for answer in await task]
        code = await asyncio.to_thread(server.process.wait, PATIENCE_SECONDS)

    assert readiness[-1].json()["code"] == "not_ready"
    assert closing.headers["connection"] == "close"
    assert {answer.status_code for answer in answers} == {201}
    assert code == 0


TOLD_WHILE_IT_COLLECTS_GARBAGE = """
import gc, os, signal, sys
from app import serving
from app.core.settings import Settings

def tell(phase, info):
    if info["generation"] == 2:
        gc.callbacks.clear()
        os.kill(os.getpid(), signal.SIGTERM)

settings = Settings()
gc.callbacks.append(tell)
serving.run(settings, serving.Address("127.0.0.1", int(sys.argv[1])), with_worker=False)
"""


async def test_a_server_that_is_told_to_leave_while_it_starts_does_so(settings: Settings) -> None:
    environment = os.environ | database_variables(settings) | {"STAGELINE_SECRET_KEYS": new_key()}
    server = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TOLD_WHILE_IT_COLLECTS_GARBAGE, str(free_port()), env=environment
    )
    try:
        async with asyncio.timeout(3 * PATIENCE_SECONDS):
            assert await server.wait() == 0
    finally:
        if server.returncode is None:
            server.kill()
            await server.wait()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_without_a_database_leaves_when_it_is_asked_to(sign: signal.Signals) -> None:
    environment = os.environ | {
        "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
        "STAGELINE_SECRET_KEYS": new_key(),
    }
    worker = await asyncio.create_subprocess_exec(
        STAGELINE, "worker", env=environment, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        assert worker.stderr is not None
        while b"trying again" not in await worker.stderr.readline():
            assert worker.returncode is None
        worker.send_signal(sign)
        async with asyncio.timeout(PATIENCE_SECONDS):
            assert await worker.wait() == 0
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()
