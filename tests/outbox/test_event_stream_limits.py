"""What event streams cost the process that serves them, and how they end."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.core.database import Database
from app.core.pool_use import PoolUse
from app.core.protocol import Bounds, Protocol
from app.core.settings import Settings
from app.main import create_app
from app.outbox.place import BEGINNING
from app.serving import Server
from bench.processes import free_port
from tests.builders.event_streams import open_and_never_read, open_and_vanish, served_by, streaming
from tests.builders.months import fill_log
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.server_process import ServerProcess, serving_on
from tests.department import Department

MEBIBYTE = 1024 * 1024


def resident_bytes(server: ServerProcess) -> int:
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def connections(server: ServerProcess) -> int:
    """Established connections to the server, as its kernel counts them."""
    port = f":{urlsplit(server.url).port:04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(line[1].endswith(port) and line[3] == "01" for line in lines)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not is_so():  # noqa: ASYNC110 # another process tells nobody
            await asyncio.sleep(0.01)


@asynccontextmanager
async def serving_here(app: FastAPI) -> AsyncIterator[str]:
    """A server on a real socket in the test's own loop, whose tasks can be counted."""
    port = free_port()
    bounds = Bounds()
    config = uvicorn.Config(app, port=port, http=Protocol.within(bounds), log_level="warning", lifespan="on")
    server = Server(config, app, bounds, delay_seconds=0)
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[ServerProcess]:
    given = {"event_stream_slow_reader_seconds": 2, "max_event_streams": 21}
    with serving_on(settings, **given) as running:
        yield running


async def test_clients_that_never_read_cost_little_and_are_cut_off(
    server: ServerProcess, database: Database, owner: asyncpg.Connection
) -> None:
    async with served_by(server, database) as department:
        await fill_log(owner, department.system, megabytes=40)
        async with streaming(department.operations, cursor=BEGINNING.cursor) as stream:
            await stream.read(1_000)
        memory, before = resident_bytes(server), connections(server)
        most = memory
        with ExitStack() as clients:
            for _ in range(20):
                clients.enter_context(open_and_never_read(department.operations, BEGINNING.cursor))
            await until(lambda: connections(server) >= before + 20)
            async with asyncio.timeout(PATIENCE_SECONDS):
                while connections(server) > before:
                    most = max(most, resident_bytes(server))
                    await asyncio.sleep(0.01)

    assert most - memory < 24 * MEBIBYTE


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system alone decides how long it sends again")
async def test_a_client_that_vanished_makes_room_and_a_silent_one_stays(settings: Settings, database: Database) -> None:
    given = {"event_stream_slow_reader_seconds": 1, "event_stream_heartbeat_seconds": 0.2, "max_event_streams": 2}
    with serving_on(settings, **given) as server:
        async with served_by(server, database) as department, streaming(department.operations) as silent:
            with await open_and_vanish(department.operations):
                before = await try_to_stream(department)
                async with asyncio.timeout(PATIENCE_SECONDS):
                    while (await try_to_stream(department)) != 200:
                        pass
            await department.operations.post("/accounts", {"name": "Acme"})
            await silent.read(1)
        log = server.output.read_text()

    assert before == 503
    assert "Traceback" not in log


async def test_only_so_many_streams_are_open_and_a_closed_one_makes_room(
    server: ServerProcess, database: Database
) -> None:
    async with served_by(server, database) as department:
        async with AsyncExitStack() as streams:
            for _ in range(21):
                await streams.enter_async_context(streaming(department.operations))
            refused = await department.operations.request("GET", "/events/stream")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await try_to_stream(department)) != 200:
                pass

    assert (refused.status_code, refused.json()["code"]) == (503, "too_many_streams")
    assert refused.headers["Retry-After"] == "1"


async def try_to_stream(department: Department) -> int:
    key = {"Authorization": f"Bearer {department.operations.key}"}
    async with department.http.stream("GET", "/v1/events/stream", headers=key) as response:
        return response.status_code


async def test_clients_that_leave_leave_nothing_behind(settings: Settings) -> None:
    app = create_app(settings)
    async with serving_here(app) as url, httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS) as http:
        use: PoolUse = app.state.database.use
        department = await Department.found(app.state.database, http)
        tasks_before = len(asyncio.all_tasks())
        for _ in range(10):
            async with asyncio.TaskGroup() as clients:
                for _ in range(20):
                    clients.create_task(come_and_go(department))

        await until(lambda: len(asyncio.all_tasks()) <= tasks_before)
        await until(lambda: use.in_use == 0)


async def come_and_go(department: Department) -> None:
    async with streaming(department.operations, cursor=BEGINNING.cursor):
        pass


async def test_sigterm_ends_the_streams_at_once_also_of_a_client_that_never_reads(
    settings: Settings, database: Database, owner: asyncpg.Connection
) -> None:
    with serving_on(settings) as server:
        async with served_by(server, database) as department:
            await fill_log(owner, department.system, megabytes=16)
            with open_and_never_read(department.operations, BEGINNING.cursor):
                async with streaming(department.operations) as stream:
                    started = time.monotonic()
                    server.process.send_signal(signal.SIGTERM)
                    await stream.until_end()
                    status = await asyncio.to_thread(server.process.wait, 30)

    assert status == 0
    assert time.monotonic() - started < 10  # uvicorn would wait for 20 s
