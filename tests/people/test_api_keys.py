from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from app.people.api_key import ApiKey
from tests.department import Actor, Department


async def test_a_new_key_acts_as_its_user_and_shows_its_secret_once(department: Department) -> None:
    rep = await department.representative()

    issued = await department.operations.post("/api-keys", {"user_id": str(rep.user_id), "name": "my script"})
    listed = await department.operations.get("/api-keys", user_id=str(rep.user_id))

    me = await Actor(rep.user_id, rep.position, rep.team_id, issued["key"], rep.http).get("/me")
    assert me["user"]["id"] == str(rep.user_id)
    assert {key["name"] for key in listed["items"]} == {"a key", "my script"}
    assert ApiKey.parse(issued["key"]) is not None
    assert issued["key"] not in str(listed)
    assert all("key" not in key and "secret_sha256" not in key for key in listed["items"])


async def test_only_the_hash_of_a_secret_is_stored(department: Department, owner: asyncpg.Connection) -> None:
    issued = await department.operations.post(
        "/api-keys", {"user_id": str(department.operations.user_id), "name": "my script"}
    )

    row = await owner.fetchrow("SELECT * FROM api_keys WHERE id = $1", issued["id"])

    key = ApiKey.parse(issued["key"])
    assert key is not None
    assert row["secret_sha256"] == key.secret_sha256
    assert key.secret not in str(dict(row))


async def test_a_revoked_key_stops_working_and_stays_in_the_list(department: Department) -> None:
    rep = await department.representative()
    key_id = (await department.operations.get("/api-keys", user_id=str(rep.user_id)))["items"][0]["id"]

    await department.operations.delete(f"/api-keys/{key_id}")

    problem = await rep.get("/me", expect=401)
    listed = await department.operations.get("/api-keys", user_id=str(rep.user_id))
    assert problem["code"] == "unauthenticated"
    assert listed["items"][0]["revoked_at"] is not None


async def test_a_key_is_where_its_location_says_without_its_secret(department: Department) -> None:
    operations = department.operations
    body = {"user_id": str(operations.user_id), "name": "my script"}

    issued = await operations.request("POST", "/api-keys", json=body)
    read = await operations.request("GET", issued.headers["Location"].removeprefix("/v1"))

    secret = {"key": issued.json()["key"]}
    assert (read.status_code, read.json() | secret, read.headers["ETag"]) == (200, issued.json(), '"1"')
    assert issued.headers["ETag"] == '"1"'


async def test_a_revoked_key_has_a_version_of_its_own_which_if_match_may_name(department: Department) -> None:
    operations = department.operations
    key = await operations.post("/api-keys", {"user_id": str(operations.user_id), "name": "my script"})
    path = f"/api-keys/{key['id']}"

    stale = await operations.request("DELETE", path, headers={"If-Match": '"2"'})
    fresh = await operations.request("DELETE", path, headers={"If-Match": '"1"'})

    revoked = await operations.get(path)
    assert (stale.status_code, stale.headers["ETag"], fresh.status_code) == (412, '"1"', 204)
    assert (revoked["version"], revoked["revoked_at"] is None) == (2, False)


async def test_revoking_again_changes_nothing(department: Department) -> None:
    rep = await department.representative()
    key_id = (await department.operations.get("/api-keys", user_id=str(rep.user_id)))["items"][0]["id"]
    await department.operations.delete(f"/api-keys/{key_id}")
    first = await department.operations.get("/api-keys", user_id=str(rep.user_id))

    await department.operations.delete(f"/api-keys/{key_id}")

    assert await department.operations.get("/api-keys", user_id=str(rep.user_id)) == first


async def test_an_expired_key_is_refused(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    expires_at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    issued = await department.operations.post(
        "/api-keys", {"user_id": str(rep.user_id), "name": "for an hour", "expires_at": expires_at}
    )
    visitor = Actor(rep.user_id, rep.position, rep.team_id, issued["key"], rep.http)
    await visitor.get("/me")

    await owner.execute("UPDATE api_keys SET expires_at = now() WHERE id = $1", issued["id"])

    await visitor.get("/me", expect=401)


async def test_mistyped_unknown_and_missing_keys_are_refused_alike(department: Department) -> None:
    rep = await department.representative()
    mistyped = rep.key[:-1] + ("a" if rep.key[-1] != "a" else "b")
    known_id = ApiKey.parse(rep.key)
    assert known_id is not None
    other_secret = str(ApiKey(known_id.id, ApiKey.generate().secret))

    answers = [
        await rep.http.get("/v1/me", headers={"Authorization": authorization})
        for authorization in (
            f"Bearer {mistyped}",
            f"Bearer {ApiKey.generate()}",
            f"Bearer {other_secret}",
            "",
            "Basic x",
        )
    ]

    assert {answer.status_code for answer in answers} == {401}
    challenges = [answer.headers["WWW-Authenticate"] for answer in answers]
    assert challenges == [*['Bearer error="invalid_token"'] * 3, "Bearer", "Bearer"]
    assert len({(answer.json()["code"], answer.json()["detail"]) for answer in answers}) == 1


@pytest.mark.parametrize(
    "expires_at", ["2020-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2030-01-01T00:00:00"]
)
async def test_refuses_an_expiry_in_the_past_beyond_a_lifetime_or_without_a_zone(
    department: Department, expires_at: str
) -> None:
    body = {"user_id": str(department.operations.user_id), "name": "a key", "expires_at": expires_at}

    problem = await department.operations.post("/api-keys", body, expect=422)

    assert problem["errors"][0]["pointer"] == "/expires_at"


async def test_refuses_a_key_for_somebody_inactive_unknown_or_of_another_organization(
    department: Department, other_department: Department
) -> None:
    rep, stranger = await department.representative(), await other_department.representative()
    await department.operations.patch(f"/users/{rep.user_id}", {"is_active": False})

    for user_id in (rep.user_id, stranger.user_id, uuid4()):
        body = {"user_id": str(user_id), "name": "a key"}
        problem = await department.operations.post("/api-keys", body, expect=422)

        assert problem["errors"][0]["pointer"] == "/user_id"


async def test_another_organizations_keys_can_be_neither_seen_nor_revoked(
    department: Department, other_department: Department
) -> None:
    theirs = (await other_department.operations.get("/api-keys"))["items"][0]["id"]

    await department.operations.delete(f"/api-keys/{theirs}", expect=404)

    assert theirs not in {key["id"] for key in (await department.operations.get("/api-keys"))["items"]}
    await other_department.operations.get("/me")


async def test_keys_are_listed_in_pages(department: Department) -> None:
    for name in ("a", "b", "c"):
        await department.operations.post("/api-keys", {"user_id": str(department.operations.user_id), "name": name})

    first = await department.operations.get("/api-keys", sort="name", limit=2)
    second = await department.operations.get("/api-keys", sort="name", limit=2, cursor=first["next_cursor"])

    assert [key["name"] for page in (first, second) for key in page["items"]] == ["a", "b", "c", "first key"]
