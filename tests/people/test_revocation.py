"""What takes a right away acts on every process within a second, whoever was told."""

import time
from collections.abc import AsyncIterator, Iterator

import asyncpg
import httpx
import pytest

from app.core.settings import Settings
from tests.builders.keys import id_of, narrowed
from tests.builders.server_process import ServerProcess, serving_on
from tests.builders.siblings import connected_to, siblings_of
from tests.department import Actor, Department

BELIEVED_SECONDS = 1.0
PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="module")
def server(settings: Settings) -> Iterator[ServerProcess]:
    with serving_on(settings, "--workers", "2", keep_alive_seconds=60) as server:
        yield server


@pytest.fixture
async def elsewhere(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    """The process that is not told."""
    async with connected_to(server, siblings_of(server)[1]) as client:
        yield client


@pytest.fixture
async def here(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    async with connected_to(server, siblings_of(server)[0]) as client:
        yield client


async def believed_too_long(actor: Actor, elsewhere: httpx.AsyncClient, path: str, refused_with: int) -> float:
    """For how long after now a request was still begun that was answered as before; ends with the first refusal."""
    told, began_last = time.monotonic(), 0.0
    while time.monotonic() - told < PATIENCE_SECONDS:
        began = time.monotonic()
        answer = await elsewhere.get(f"/v1{path}", headers={"Authorization": f"Bearer {actor.key}"})
        if answer.status_code == refused_with:
            return began_last
        assert answer.status_code == 200, answer.text
        began_last = began - told
    return began_last


def at(actor: Actor, client: httpx.AsyncClient) -> Actor:
    return Actor(actor.user_id, actor.position, actor.team_id, actor.key, client)


async def test_a_revoked_key(department: Department, here: httpx.AsyncClient, elsewhere: httpx.AsyncClient) -> None:
    rep, operations = await department.representative(), at(department.operations, here)
    await at(rep, elsewhere).get("/me")

    await operations.delete(f"/api-keys/{id_of(rep)}")

    assert await believed_too_long(rep, elsewhere, "/me", 401) <= BELIEVED_SECONDS


async def test_a_secret_that_was_replaced_because_it_leaked(
    department: Department, here: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    rep, operations = await department.representative(), at(department.operations, here)
    await at(rep, elsewhere).get("/me")

    await operations.post(f"/api-keys/{id_of(rep)}/rotation", {"expire_old_secret_in_seconds": 0})

    assert await believed_too_long(rep, elsewhere, "/me", 401) <= BELIEVED_SECONDS


async def test_a_deactivated_user(
    department: Department, here: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    rep, operations = await department.representative(), at(department.operations, here)
    await at(rep, elsewhere).get("/me")

    await operations.patch(f"/users/{rep.user_id}", {"is_active": False})

    assert await believed_too_long(rep, elsewhere, "/me", 401) <= BELIEVED_SECONDS


async def test_a_user_in_another_position(
    department: Department, here: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    manager, operations = await department.manager(), at(department.operations, here)
    await at(manager, elsewhere).get("/users")

    await operations.patch(f"/users/{manager.user_id}", {"position": "sales_representative"})

    assert await believed_too_long(manager, elsewhere, "/users", 403) <= BELIEVED_SECONDS


async def test_a_user_in_another_team(
    department: Department, here: httpx.AsyncClient, elsewhere: httpx.AsyncClient
) -> None:
    rep, colleague = await department.representative(), await department.representative()
    lead = await colleague.post("/leads", {"name": "Ann", "company_name": "Fields"})
    await at(rep, elsewhere).get(f"/leads/{lead['id']}")

    await at(department.operations, here).patch(f"/users/{rep.user_id}", {"team_id": str(department.teams["south"])})

    assert await believed_too_long(rep, elsewhere, f"/leads/{lead['id']}", 404) <= BELIEVED_SECONDS


async def test_the_use_of_a_key_is_written_by_the_process_that_saw_it(
    department: Department, here: httpx.AsyncClient, owner: asyncpg.Connection
) -> None:
    rep = await narrowed(department, await department.representative(), "leads:read")

    await at(rep, here).get("/leads")

    used_at = "SELECT last_used_at IS NOT NULL FROM api_keys WHERE id = $1"
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not await owner.fetchval(used_at, id_of(rep)):
        assert time.monotonic() < deadline
