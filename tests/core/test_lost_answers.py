"""What `Idempotency-Key` is for: the answer is lost on the way, at any moment, and the request is sent again."""

import asyncio
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest

from app.core.database import Database
from app.core.settings import Settings
from tests.builders.far import service_over
from tests.builders.server_process import ServerProcess, database_variables, serving_in
from tests.builders.wire import Cut, wire_to
from tests.builders.workers import until
from tests.conftest import SECRET_KEYS
from tests.department import Actor, Department

COMMITS_OF_A_REQUEST = 2  # the credential's, and its own
COMMITS_WITH_A_POOLER = 3  # the caller's too, who is looked up without a transaction otherwise
MOVE = {"to_stage": "qualification", "override_reason": "agreed by phone"}
ACCOUNTS = "SELECT id FROM accounts WHERE organization_id = $1"
TRANSITIONS = "SELECT id FROM stage_transitions WHERE opportunity_id = $1"


@pytest.mark.parametrize("cut", Cut)
async def test_a_connection_cut_at_the_commit_and_a_keyed_retry_give_one_transition(
    department: Department, settings: Settings, owner: asyncpg.Connection, cut: Cut
) -> None:
    manager = await department.manager()
    deals = [(await manager.post("/opportunities", {"name": f"Deal {number}"}))["id"] for number in range(10)]
    async with wire_to(str(settings.database_url)) as wire, service_over(wire, settings, manager) as far:
        for deal in deals:
            path, key = f"/opportunities/{deal}/transitions", str(uuid4())
            wire.cut_at_commit(COMMITS_WITH_A_POOLER if settings.is_pooled else COMMITS_OF_A_REQUEST, cut)

            lost = await far.post_keyed(path, MOVE, key)
            again = await far.post_keyed(path, MOVE, key)

            made = await owner.fetch(TRANSITIONS, deal)
            assert (lost.status_code, again.status_code) == (503, 201)
            assert ("Idempotent-Replayed" in again.headers) is (cut is Cut.AFTER_COMMIT)
            assert [str(row["id"]) for row in made] == [again.json()["id"]]


async def test_a_client_that_left_after_the_commit_finds_the_answer(department: Department, database: Database) -> None:
    asking = asyncio.create_task(department.operations.post_keyed("/accounts", {"name": "Acme"}, "one"))

    def leave() -> None:
        asking.cancel()

    before, database.after_commit = database.after_commit, leave
    try:
        with suppress(asyncio.CancelledError):
            await asking
    finally:
        database.after_commit = before

    again = await department.operations.post_keyed("/accounts", {"name": "Acme"}, "one")

    assert asking.cancelled()
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    listed = (await department.operations.get("/accounts"))["items"]
    assert [each["id"] for each in listed] == [again.json()["id"]]


@pytest.mark.without_pooler("counts round trips, and without prepared statements each statement takes two")
async def test_a_key_costs_two_round_trips_and_its_absence_none(department: Department, settings: Settings) -> None:
    manager = await department.manager()
    paths = [
        f"/opportunities/{(await manager.post('/opportunities', {'name': 'GTX'}))['id']}/transitions" for _ in range(4)
    ]
    async with wire_to(str(settings.database_url)) as wire, service_over(wire, settings, manager) as far:
        for path in paths[:2]:  # statements are prepared once
            await far.post_keyed(path, MOVE, path[-44:])
        wire.sent.clear()
        await far.post(paths[2], MOVE)
        without_key = list(wire.sent)
        wire.sent.clear()
        await far.post_keyed(paths[3], MOVE, "another")
        with_key = list(wire.sent)

    assert len(with_key) == len(without_key) + 2


async def test_a_killed_server_leaves_the_answer_to_the_next_one(
    department: Department, settings: Settings, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    operations, variables = department.operations, database_variables(settings)
    with serving_in(tmp_path, "--no-worker", STAGELINE_SECRET_KEYS=SECRET_KEYS, **variables) as server:
        await ask_and_leave(server, operations)
        await until(lambda: owner.fetch(ACCOUNTS, department.organization_id), lambda found: len(found) > 0)
        server.process.kill()

    again = await operations.post_keyed("/accounts", {"name": "Acme"}, "one")

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    listed = (await operations.get("/accounts"))["items"]
    assert [each["id"] for each in listed] == [again.json()["id"]]


async def ask_and_leave(server: ServerProcess, actor: Actor) -> None:
    request = actor.http.build_request("POST", "/v1/accounts", json={"name": "Acme"})
    lines = [
        "POST /v1/accounts HTTP/1.1",
        "Host: stageline",
        "Content-Type: application/json",
        f"Content-Length: {len(request.content)}",
        f"Authorization: Bearer {actor.key}",
        "Idempotency-Key: one",
    ]
    url = httpx.URL(server.url)
    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write("\r\n".join([*lines, "", ""]).encode() + request.content)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
