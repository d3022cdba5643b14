from uuid import uuid4

import asyncpg
import pytest

from app.people.api_key import ApiKey
from tests.builders.keys import id_of, narrowed, parts_of, with_key
from tests.department import Department


async def test_both_secrets_work_until_the_old_one_expires(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()

    rotated = await department.operations.post(f"/api-keys/{id_of(rep)}/rotation")

    renewed = with_key(rep, rotated["key"])
    assert id_of(renewed) == id_of(rep)
    assert (await renewed.get("/me"))["user"]["id"] == (await rep.get("/me"))["user"]["id"]
    await owner.execute("UPDATE api_keys SET old_secret_expires_at = now() WHERE id = $1", id_of(rep))
    await rep.get("/me", expect=401)
    await renewed.get("/me")


async def test_the_old_secret_works_for_a_day_unless_told_otherwise(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, other = await department.representative(), await department.representative()

    await department.operations.post(f"/api-keys/{id_of(rep)}/rotation")
    await department.operations.post(f"/api-keys/{id_of(other)}/rotation", {"expire_old_secret_in_seconds": 60})

    left = "SELECT extract(epoch FROM old_secret_expires_at - now())::int FROM api_keys WHERE id = $1"
    assert 86_300 < await owner.fetchval(left, id_of(rep)) <= 86_400
    assert 0 < await owner.fetchval(left, id_of(other)) <= 60


async def test_a_secret_that_leaked_works_no_longer(department: Department) -> None:
    rep = await department.representative()
    first = await department.operations.post(f"/api-keys/{id_of(rep)}/rotation")

    second = await department.operations.post(f"/api-keys/{id_of(rep)}/rotation", {"expire_old_secret_in_seconds": 0})

    await rep.get("/me", expect=401)
    await with_key(rep, first["key"]).get("/me", expect=401)
    await with_key(rep, second["key"]).get("/me")
    assert second["old_secret_expires_at"] is None


async def test_no_more_than_two_secrets_work(department: Department) -> None:
    rep = await department.representative()
    await department.operations.post(f"/api-keys/{id_of(rep)}/rotation")

    problem = await department.operations.post(f"/api-keys/{id_of(rep)}/rotation", expect=409)

    assert problem["code"] == "key_rotating"
    await rep.get("/me")


async def test_only_hashes_are_stored_and_the_new_secret_is_shown_once(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    path = f"/api-keys/{id_of(rep)}/rotation"

    first = await department.operations.post_keyed(path, {}, "rotate-1")
    repeated = await department.operations.post_keyed(path, {}, "rotate-1")

    key = ApiKey.parse(first.json()["key"])
    assert key is not None
    row = await owner.fetchrow("SELECT * FROM api_keys WHERE id = $1", key.id)
    assert (row["secret_sha256"], row["old_secret_sha256"]) == (key.secret_sha256, parts_of(rep).secret_sha256)
    assert (repeated.status_code, repeated.json()["code"]) == (409, "secret_shown_once")
    assert key.secret not in repeated.text


async def test_a_key_keeps_its_scopes_and_rotates_none_that_may_do_more(department: Department) -> None:
    keeper = await narrowed(department, department.operations, "api_keys:write", "leads:read")
    narrow = await narrowed(department, department.operations, "leads:read")

    rotated = await keeper.post(f"/api-keys/{id_of(narrow)}/rotation")
    problem = await keeper.post(f"/api-keys/{id_of(department.operations)}/rotation", expect=403)

    assert rotated["scopes"] == ["leads:read"]
    assert (problem["code"], problem["scope"]) == ("insufficient_scope", "*")


@pytest.mark.parametrize("end", ["revoked_at = now()", "expires_at = now()"])
async def test_a_key_that_has_ended_is_not_brought_back(
    department: Department, owner: asyncpg.Connection, end: str
) -> None:
    rep = await department.representative()
    await owner.execute(f"UPDATE api_keys SET {end} WHERE id = $1", id_of(rep))  # noqa: S608 # above

    problem = await department.operations.post(f"/api-keys/{id_of(rep)}/rotation", expect=409)

    assert problem["code"] == "key_ended"


async def test_a_key_of_nobody_here_is_not_rotated(department: Department, other_department: Department) -> None:
    for key_id in (id_of(other_department.operations), uuid4().hex):
        await department.operations.post(f"/api-keys/{key_id}/rotation", expect=404)


@pytest.mark.parametrize("seconds", [-1, 604_801, "soon"])
async def test_refuses_an_overlap_that_is_none(department: Department, seconds: object) -> None:
    path = f"/api-keys/{id_of(department.operations)}/rotation"

    problem = await department.operations.post(path, {"expire_old_secret_in_seconds": seconds}, expect=422)

    assert problem["errors"][0]["pointer"] == "/expire_old_secret_in_seconds"


async def test_a_rotation_is_a_new_version_and_refused_when_stale(department: Department) -> None:
    rep = await department.representative()
    path = f"/api-keys/{id_of(rep)}/rotation"
    rotated = await department.operations.post(path)

    stale = await department.operations.request("POST", path, json={}, headers={"If-Match": '"1"'})
    await department.operations.delete(f"/api-keys/{id_of(rep)}")

    assert rotated["version"] == 2
    assert (stale.status_code, stale.headers["ETag"]) == (412, '"2"')
    assert (await department.operations.get(f"/api-keys/{id_of(rep)}"))["version"] == 3
