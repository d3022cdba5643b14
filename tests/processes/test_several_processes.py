"""`stageline serve --workers 2`: one port, and what one process did or was told holds in the other."""

import asyncio
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from socket import create_server

import httpx
import pytest

from app.core.secret_keys import new_key
from app.core.settings import Settings
from bench.processes import free_port
from tests.builders.receiver import PATIENCE_SECONDS
from tests.builders.server_process import STAGELINE, ServerProcess, database_variables, serving_on
from tests.builders.siblings import connected_to, is_running, siblings_of, started_again
from tests.department import Actor, Department, answer

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def metrics_port() -> int:
    return free_port(neighbours=1)


@pytest.fixture(scope="module")
def server(settings: Settings, metrics_port: int) -> Iterator[ServerProcess]:
    with serving_on(
        settings, "--workers", "2", keep_alive_seconds=60, metrics_address=f"127.0.0.1:{metrics_port}"
    ) as server:
        yield server


@pytest.fixture
async def both(server: ServerProcess) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A client of each process."""
    one, other = siblings_of(server)
    async with connected_to(server, one) as first, connected_to(server, other) as second:
        yield [first, second]


def through(actor: Actor, client: httpx.AsyncClient) -> Actor:
    return Actor(actor.user_id, actor.position, actor.team_id, actor.key, client)


async def test_a_request_repeated_at_the_other_process_has_one_effect_and_the_same_answer(
    department: Department, both: list[httpx.AsyncClient]
) -> None:
    here, elsewhere = (through(department.operations, client) for client in both)

    first = await here.post_keyed("/accounts", {"name": "Acme"}, "once")
    again = await elsewhere.post_keyed("/accounts", {"name": "Acme"}, "once")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len((await here.get("/accounts"))["items"]) == 1


async def test_one_of_two_changes_of_the_same_version_is_refused_at_whichever_process(
    department: Department, both: list[httpx.AsyncClient]
) -> None:
    here, elsewhere = (through(department.operations, client) for client in both)
    account = await here.post("/accounts", {"name": "Acme"})
    path, match = f"/accounts/{account['id']}", {"If-Match": f'"{account["version"]}"'}

    answers = await asyncio.gather(
        *(
            each.request("PATCH", path, json={"name": name}, headers=match)
            for each, name in ((here, "Acme One"), (elsewhere, "Acme Two"))
        )
    )

    assert sorted(each.status_code for each in answers) == [200, 412]
    (kept,) = [each.json()["name"] for each in answers if each.status_code == httpx.codes.OK]
    assert (await here.get(path))["name"] == kept


async def test_each_process_shows_its_metrics_at_a_port_of_its_own(
    department: Department, both: list[httpx.AsyncClient], metrics_port: int
) -> None:
    before = [await _answers_to_me(metrics_port + number) for number in range(2)]

    for client, count in zip(both, (1, 2), strict=True):
        for _ in range(count):
            await through(department.operations, client).get("/me")

    after = [await _answers_to_me(metrics_port + number) for number in range(2)]
    assert sorted(now - then for now, then in zip(after, before, strict=True)) == [1, 2]


async def test_a_killed_process_is_started_again_and_the_other_answers_meanwhile(
    department: Department, server: ServerProcess
) -> None:
    before = siblings_of(server)

    os.kill(before[0], signal.SIGKILL)
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_SECONDS) as client:
        while is_running(before[0]):  # noqa: ASYNC110 # the kernel tells nobody
            await asyncio.sleep(0.01)
        meanwhile = await through(department.operations, client).get("/me")
    now = await started_again(server, before)

    assert meanwhile["user"]["id"] == str(department.operations.user_id)
    assert before[1] in now
    (new,) = set(now) - set(before)
    async with connected_to(server, new) as client:
        answer(await client.get("/readyz"), 200)
    assert server.process.poll() is None


def test_nothing_is_started_when_a_process_could_not_show_its_metrics(settings: Settings) -> None:
    port = free_port(neighbours=2)
    shown_at = {"STAGELINE_METRICS_ADDRESS": f"127.0.0.1:{port}", "STAGELINE_SECRET_KEYS": new_key()}
    command = [STAGELINE, "serve", "--workers", "2", "--no-worker", "--port", str(port + 2)]

    with create_server(("127.0.0.1", port + 1)):
        environment = {**os.environ, **database_variables(settings), **shown_at}
        refused = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"metrics cannot be shown at 127.0.0.1:{port + 1}: Address already in use")


async def _answers_to_me(port: int) -> float:
    async with httpx.AsyncClient() as client:
        told = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    series = 'stageline_http_requests_total{method="GET",route="/v1/me",status="2xx"} '
    return next((float(line.removeprefix(series)) for line in told.splitlines() if line.startswith(series)), 0.0)
