"""`Idempotency-Key`: one effect, the same answer, and nothing kept of what was refused."""

import asyncio
from contextlib import AsyncExitStack

import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app.accounts.tables import accounts
from app.connections import connect_app
from app.core.database import Database, Statement
from app.core.idempotency import KeyedDatabase
from app.core.settings import Settings
from app.main import create_app
from tests.builders.leads import qualified_lead
from tests.builders.workers import until, working
from tests.department import Department

REPLAYED = "Idempotent-Replayed"
ACCOUNT = {"name": "Acme"}
LOST = {"to_stage": "analysis", "loss_reason": "price"}
NAMES = Statement(sa.select(accounts.c.name))
OF_ORGANIZATION = "SELECT * FROM idempotency_keys WHERE organization_id = $1"


async def test_a_repeated_request_has_one_effect_and_the_same_answer(department: Department) -> None:
    first = await department.operations.post_keyed("/accounts", ACCOUNT, "one")
    again = await department.operations.post_keyed("/accounts", ACCOUNT, "one")

    assert (first.status_code, REPLAYED in first.headers) == (201, False)
    assert (again.status_code, again.headers[REPLAYED]) == (201, "true")
    assert (again.content, again.headers["ETag"]) == (first.content, first.headers["ETag"])
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert [each["id"] for each in (await department.operations.get("/accounts"))["items"]] == [first.json()["id"]]


@pytest.mark.parametrize(
    ("path", "body", "query"),
    [("/accounts", {"name": "Other"}, {}), ("/contacts", ACCOUNT, {}), ("/accounts", ACCOUNT, {"a": "b"})],
)
async def test_a_key_belongs_to_one_route_query_and_body(
    department: Department, path: str, body: dict[str, str], query: dict[str, str]
) -> None:
    await department.operations.post_keyed("/accounts", ACCOUNT, "one")

    refused = await department.operations.post_keyed(path, body, "one", **query)

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert refused.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
    assert len((await department.operations.get("/accounts"))["items"]) == 1


async def test_a_key_of_another_caller_or_organization_is_another_key(
    department: Department, other_department: Department
) -> None:
    callers = department.operations, await department.representative(), other_department.operations

    answers = [await caller.post_keyed("/accounts", ACCOUNT, "one") for caller in callers]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert len({answer.json()["id"] for answer in answers}) == 3


async def test_without_a_key_every_request_counts(department: Department, owner: asyncpg.Connection) -> None:
    await department.operations.post("/accounts", ACCOUNT)
    await department.operations.post("/accounts", ACCOUNT)

    assert len((await department.operations.get("/accounts"))["items"]) == 2
    assert await owner.fetch(OF_ORGANIZATION, department.organization_id) == []


async def test_of_many_at_once_one_acts_and_all_others_get_its_answer_or_are_told_to_wait(
    department: Department,
) -> None:
    answers = await asyncio.gather(*(department.operations.post_keyed("/accounts", ACCOUNT, "one") for _ in range(20)))
    again = await department.operations.post_keyed("/accounts", ACCOUNT, "one")

    told = [answer for answer in answers if answer.status_code == 409]
    given = [answer for answer in answers if answer.status_code == 201]
    assert len(told) + len(given) == 20
    assert {(answer.json()["code"], answer.headers["Retry-After"]) for answer in told} <= {
        ("idempotency_key_in_use", "1")
    }
    assert [REPLAYED in answer.headers for answer in given].count(False) == 1
    assert {answer.content for answer in given} == {again.content}
    assert len((await department.operations.get("/accounts"))["items"]) == 1


async def test_while_the_first_is_running_a_repeated_request_is_told_so_at_once(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    path = f"/opportunities/{(await rep.post('/opportunities', {'name': 'GTX'}))['id']}/transitions"
    async with owner.transaction():
        await owner.execute("SELECT FROM subjects WHERE organization_id = $1 FOR UPDATE", department.organization_id)
        running = asyncio.create_task(rep.post_keyed(path, LOST, "one"))
        await until(lambda: owner.fetch("SELECT FROM pg_locks WHERE NOT granted"), lambda waiting: len(waiting) > 0)

        told = await rep.post_keyed(path, LOST, "one")

    assert (told.status_code, told.json()["code"]) == (409, "idempotency_key_in_use")
    assert (await running).status_code == 201
    assert (await rep.post_keyed(path, LOST, "one")).content == (await running).content


async def test_a_refusal_is_not_kept_so_a_mended_request_may_use_the_same_key(
    department: Department, owner: asyncpg.Connection
) -> None:
    manager = await department.manager()
    deal_id = (await manager.post("/opportunities", {"name": "GTX"}))["id"]
    path, qualification = f"/opportunities/{deal_id}/transitions", {"to_stage": "qualification"}

    refused = await manager.post_keyed(path, qualification, "one")
    kept = await owner.fetch(OF_ORGANIZATION, department.organization_id)
    mended = await manager.post_keyed(path, qualification | {"override_reason": "agreed by phone"}, "one")

    assert (refused.status_code, refused.json()["code"], kept) == (409, "exit_criteria_not_met", [])
    assert mended.status_code == 201


async def test_the_kept_answer_wins_over_a_version_that_is_stale_by_now(department: Department) -> None:
    rep = await department.representative()
    deal = await rep.post("/opportunities", {"name": "GTX"})
    path = f"/opportunities/{deal['id']}/transitions"

    first, again, other = [
        await rep.request("POST", path, json=LOST, headers={"Idempotency-Key": key, "If-Match": '"1"'})
        for key in ("one", "one", "other")
    ]

    assert [answer.status_code for answer in (first, again, other)] == [201, 201, 412]
    assert again.content == first.content


async def test_a_replay_outlives_what_it_tells_about(department: Department) -> None:
    manager = await department.manager()
    deal_id = (await manager.post("/opportunities", {"name": "GTX"}))["id"]
    path, move = f"/opportunities/{deal_id}/transitions", {"to_stage": "qualification", "override_reason": "agreed"}
    first = await manager.post_keyed(path, move, "one")
    await manager.post(path, {"to_stage": "analysis", "loss_reason": "price"})

    again = await manager.post_keyed(path, move, "one")

    assert (again.status_code, again.content) == (201, first.content)


async def test_a_dry_run_is_kept_although_its_transaction_is_undone(department: Department) -> None:
    rep = await department.representative()
    path = f"/leads/{(await qualified_lead(rep))['id']}/conversion"
    body = {"contact_role": "user", "dry_run": True}

    first = await rep.post_keyed(path, body, "one")
    await rep.post(path, {"contact_role": "user"})
    again = await rep.post_keyed(path, body, "one")

    assert (first.status_code, again.status_code, again.headers[REPLAYED]) == (200, 200, "true")
    assert again.content == first.content


async def test_after_24_hours_a_key_is_free_again(department: Department, owner: asyncpg.Connection) -> None:
    first = await department.operations.post_keyed("/accounts", ACCOUNT, "one")
    await age(owner, department, "23 hours 59 minutes")
    still = await department.operations.post_keyed("/accounts", ACCOUNT, "one")
    await age(owner, department, "24 hours")
    anew = await department.operations.post_keyed("/accounts", ACCOUNT, "one")
    again = await department.operations.post_keyed("/accounts", ACCOUNT, "one")

    assert [REPLAYED in answer.headers for answer in (first, still, anew, again)] == [False, True, False, True]
    assert first.content == still.content != anew.content == again.content


async def test_workers_remove_what_has_expired_and_nothing_else(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    for number in range(3):
        await department.operations.post_keyed("/accounts", ACCOUNT, f"old-{number}")
    await age(owner, department, "24 hours")
    await department.operations.post_keyed("/accounts", ACCOUNT, "fresh")

    async with working(settings):
        left = await until(
            lambda: owner.fetch(OF_ORGANIZATION, department.organization_id), lambda rows: len(rows) == 1
        )

    assert [row["key"] for row in left] == ["fresh"]


@pytest.mark.parametrize(
    "keys", [[b""], [b"two words"], [b"a" * 256], ["ümlaut".encode("latin-1")], [b"tab\tbed"], [b"one", b"two"]]
)
async def test_refuses_what_cannot_be_a_key(department: Department, http: httpx.AsyncClient, keys: list[bytes]) -> None:
    headers = [(b"Authorization", f"Bearer {department.operations.key}".encode())]

    refused = await http.post(
        "/v1/accounts", json=ACCOUNT, headers=[*headers, *[(b"Idempotency-Key", key) for key in keys]]
    )

    assert refused.status_code == 422
    assert refused.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"
    assert (await department.operations.get("/accounts"))["items"] == []


@pytest.mark.parametrize("key", ["a" * 255, "!", '"8e03978e-40d5-43dd-bc93-6894a57f9324"', "~';DROP--"])
async def test_takes_any_visible_characters(department: Department, key: str) -> None:
    first, again = [await department.operations.post_keyed("/accounts", ACCOUNT, key) for _ in range(2)]

    assert (first.status_code, again.headers[REPLAYED]) == (201, "true")


async def test_a_revoked_caller_gets_no_kept_answer(
    department: Department, settings: Settings, owner: asyncpg.Connection
) -> None:
    await department.operations.post_keyed("/accounts", ACCOUNT, "one")
    await owner.execute("UPDATE api_keys SET revoked_at = now() WHERE organization_id = $1", department.organization_id)
    await asyncio.sleep(settings.caller_cache_seconds)

    refused = await department.operations.post_keyed("/accounts", ACCOUNT, "one")

    assert refused.status_code == 401


async def test_a_request_with_a_key_has_no_connections_of_its_own(department: Department, settings: Settings) -> None:
    await department.operations.post("/accounts", ACCOUNT)
    database = await connect_app(settings.model_copy(update={"database_pool_size": 1}))

    async with AsyncExitStack() as held, KeyedDatabase(database, "one", b"", held).look(department.system) as tx:
        keyed = await tx.fetch_all(NAMES)
    async with database.look(department.system) as tx:
        again = await tx.fetch_all(NAMES)
    await database.close()

    assert [row["name"] for row in keyed] == [row["name"] for row in again] == ["Acme"]


async def test_workers_are_woken_once_for_what_was_done_and_not_for_replays(
    department: Department, database: Database
) -> None:
    woken: list[str] = []
    before, database.after_commit = database.after_commit, lambda: woken.append("woken")
    try:
        await department.operations.post_keyed("/accounts", ACCOUNT, "one")
        after_first = list(woken)
        await department.operations.post_keyed("/accounts", ACCOUNT, "one")
    finally:
        database.after_commit = before

    assert (after_first, woken) == (["woken"], ["woken"])


async def test_an_api_key_is_made_once_and_its_secret_is_not_kept(
    department: Department, owner: asyncpg.Connection
) -> None:
    body = {"user_id": str(department.operations.user_id), "name": "integration"}

    first = await department.operations.post_keyed("/api-keys", body, "one")
    again = await department.operations.post_keyed("/api-keys", body, "one")

    made = first.json()
    assert (again.status_code, again.json()["code"], again.json()["id"]) == (409, "secret_shown_once", made["id"])
    (kept,) = await owner.fetch(OF_ORGANIZATION, department.organization_id)
    assert made["key"].split("_")[2] not in str(dict(kept))
    listed = (await department.operations.get("/api-keys"))["items"]
    assert [each["id"] for each in listed if each["name"] == "integration"] == [made["id"]]


async def test_browsers_may_send_the_key_and_see_whether_the_answer_was_replayed(
    settings: Settings, database: Database
) -> None:
    origin = "https://sales.example"
    app = create_app(settings.model_copy(update={"cors_allowed_origins": [origin]}), database)

    async with client_of(app) as browser:
        asked = await browser.options(
            "/v1/accounts",
            headers={
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "Idempotency-Key",
            },
        )
        answered = await browser.get("/livez", headers={"Origin": origin})

    assert asked.status_code == 200
    assert REPLAYED in answered.headers["Access-Control-Expose-Headers"].split(", ")


def client_of(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://stageline.test")


async def age(owner: asyncpg.Connection, department: Department, how_long: str) -> None:
    await owner.execute(
        f"UPDATE idempotency_keys SET created_at = now() - interval '{how_long}' WHERE organization_id = $1",  # noqa: S608
        department.organization_id,
    )
