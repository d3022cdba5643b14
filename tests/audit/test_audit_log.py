from typing import Any
from uuid import UUID

import asyncpg
import pytest

from app.core.caller import Caller
from app.core.database import Database
from app.core.origin import Origin, originating
from app.core.roles import APP_ROLE, WORKER_ROLE
from tests.builders.outcomes import open_deal_of
from tests.department import Actor, Department, Json

NOT_ALLOWED = (asyncpg.InsufficientPrivilegeError, asyncpg.RestrictViolationError)

NEW_ENTRY = """
    INSERT INTO audit_log (organization_id, id, occurred_at, action, record_type, record_id, source)
    VALUES (current_setting('app.organization_id')::uuid, gen_random_uuid(), now(), 'update', 'account', 'x', 'sql')
"""


async def entries(reader: Actor, **filters: Any) -> list[Json]:
    """The newest first."""
    items: list[Json] = (await reader.get("/audit-log", **filters))["items"]
    return items


async def test_tells_who_changed_what_and_from_where(department: Department) -> None:
    rep = await department.representative()
    account = await rep.post("/accounts", {"name": "Acme", "country": "Kenya"})

    await rep.request(
        "PATCH", f"/accounts/{account['id']}", json={"name": "Acme Ltd"}, headers={"X-Request-Id": "rename-1"}
    )

    changed, created = await entries(department.operations, record_id=account["id"])
    assert {name: changed[name] for name in ("action", "record_type", "record_id", "before", "after")} == {
        "action": "update",
        "record_type": "account",
        "record_id": account["id"],
        "before": {"name": "Acme"},
        "after": {"name": "Acme Ltd"},
    }
    assert (changed["actor_id"], changed["source"], changed["request_id"]) == (str(rep.user_id), "request", "rename-1")
    assert changed["client_address"] == "127.0.0.1"
    assert changed["credential_id"] == rep.key.split("_")[1]
    assert (created["action"], created["before"]) == ("create", None)
    assert created["after"] == {
        "name": "Acme",
        "country": "Kenya",
        "owner_id": str(rep.user_id),
        "team_id": str(rep.team_id),
    }


async def test_tells_what_a_deleted_record_was(department: Department) -> None:
    target = await department.operations.post(
        "/team-targets",
        {"team_id": str(department.teams["north"]), "metric": "deals_won", "period": "2030", "target_value": "5"},
    )

    await department.operations.delete(f"/team-targets/{target['id']}")

    deleted = (await entries(department.operations, record_id=target["id"], action="delete"))[0]
    assert deleted["after"] is None
    assert deleted["before"]["target_value"] == 5


async def test_a_write_that_changes_nothing_is_not_noted(department: Department) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})

    await department.operations.patch("/organization", {"name": "A department"})

    assert len(await entries(department.operations, record_id=account["id"])) == 1
    assert await entries(department.operations, record_type="organization", action="update") == []


async def test_a_write_that_is_rolled_back_is_not_noted(department: Department) -> None:
    rep = await department.representative()
    before = len(await entries(department.operations, record_type="opportunity"))

    deal_id = await open_deal_of(department, rep)
    await rep.post(f"/opportunities/{deal_id}/transitions", {"to_stage": "qualification"}, expect=409)

    assert len(await entries(department.operations, record_type="opportunity")) == before + 1


async def test_notes_people_keys_and_webhooks_without_their_secrets(
    department: Department, owner: asyncpg.Connection
) -> None:
    bo = {"name": "Bo", "email": "bo@example.com", "position": "account_manager"}
    user = await department.operations.post("/users", bo)
    key = await department.operations.post("/api-keys", {"user_id": user["id"], "name": "phone"})
    hook = {"url": "http://127.0.0.1:9/hook", "event_types": ["*"]}
    endpoint = await department.operations.post("/webhook-endpoints", hook)
    await department.operations.post(f"/webhook-endpoints/{endpoint['id']}/secret-rotation")

    issued = (await entries(department.operations, record_id=key["id"]))[0]
    rotated = (await entries(department.operations, record_id=endpoint["id"]))[0]
    assert issued["after"] == {
        "user_id": user["id"],
        "name": "phone",
        "scopes": ["*"],
        "rotations": 0,
        "secret_sha256": "(secret)",
    }
    assert {name: (rotated["before"][name], rotated["after"][name]) for name in ("secret", "old_secret")} == {
        "secret": ("(secret)", "(secret)"),
        "old_secret": (None, "(secret)"),
    }
    stored = await owner.fetch(
        "SELECT encode(secret_sha256, 'hex') AS hex FROM api_keys "
        "UNION SELECT encode(secret, 'hex') FROM webhook_endpoints"
    )
    log = await owner.fetchval("SELECT string_agg(audit_log::text, ' ') FROM audit_log")
    assert [row["hex"] for row in stored if row["hex"] in log] == []


async def test_sql_that_passes_the_service_by_is_noted_too(department: Department, owner: asyncpg.Connection) -> None:
    account = await department.operations.post("/accounts", {"name": "Acme"})

    await owner.execute("UPDATE accounts SET name = 'Forged' WHERE id = $1", UUID(account["id"]))

    forged = (await entries(department.operations, record_id=account["id"]))[0]
    assert (forged["source"], forged["actor_id"], forged["after"]) == ("sql", None, {"name": "Forged"})


async def test_a_command_is_told_from_a_request(department: Department) -> None:
    with originating(Origin("command", "command-1")):
        await department.add_team("east")

    noted = await entries(department.operations, source="command")
    assert [(each["request_id"], each["actor_id"], each["after"]["name"]) for each in noted] == [
        ("command-1", None, "east")
    ]


async def test_notes_each_row_of_a_statement_that_writes_many(
    department: Department, owner: asyncpg.Connection
) -> None:
    accounts = [await department.operations.post("/accounts", {"name": name}) for name in ("A", "B", "C")]

    await owner.execute(
        "UPDATE accounts SET country = name WHERE id = ANY ($1::uuid[])", [UUID(each["id"]) for each in accounts]
    )

    noted = await entries(department.operations, record_type="account", action="update")
    assert {each["record_id"]: each["after"] for each in noted} == {
        each["id"]: {"country": each["name"]} for each in accounts
    }


async def test_pages_hold_every_entry_once_and_filters_hold(department: Department) -> None:
    rep = await department.representative()
    for number in range(5):
        await rep.post("/accounts", {"name": f"Account {number}"})
    everything = await entries(department.operations, limit=200)

    paged: list[Json] = []
    page = await department.operations.get("/audit-log", limit=3)
    paged += page["items"]
    while page["next_cursor"] is not None:
        page = await department.operations.get("/audit-log", limit=3, cursor=page["next_cursor"])
        paged += page["items"]

    assert paged == everything
    assert [each["occurred_at"] for each in paged] == sorted((each["occurred_at"] for each in paged), reverse=True)
    by_rep = await entries(department.operations, actor_id=str(rep.user_id))
    assert by_rep == [each for each in everything if each["actor_id"] == str(rep.user_id)]
    assert len(by_rep) == 5
    since, until = everything[3]["occurred_at"], everything[0]["occurred_at"]
    between = await entries(department.operations, occurred_at_gte=since, occurred_at_lt=until)
    assert [each["id"] for each in between] == [each["id"] for each in everything[1:4]]
    assert await entries(department.operations, occurred_at_lt="1066-10-14T00:00:00Z") == []


async def test_another_organizations_entries_are_not_there(
    department: Department, other_department: Department
) -> None:
    account = await other_department.operations.post("/accounts", {"name": "Theirs"})

    assert await entries(department.operations, record_id=account["id"]) == []


@pytest.mark.parametrize("role", [APP_ROLE, WORKER_ROLE])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_log SET after = '{}'",
        "DELETE FROM audit_log",
        "TRUNCATE audit_log",
        NEW_ENTRY,
        "ALTER TABLE accounts DISABLE TRIGGER audit_update",
        "DROP TABLE audit_log",
        "SELECT write_audit_log()",
    ],
)
async def test_the_services_roles_only_read_the_log(
    department: Department, database_url: str, role: str, statement: str
) -> None:
    connection = await asyncpg.connect(database_url, server_settings={"role": role})
    await connection.execute("SELECT set_config('app.organization_id', $1, false)", str(department.organization_id))

    with pytest.raises((*NOT_ALLOWED, asyncpg.FeatureNotSupportedError)):
        await connection.execute(statement)

    await connection.close()


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET after = '{}'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
async def test_the_owner_changes_the_log_by_no_accident(
    department: Department, owner: asyncpg.Connection, statement: str
) -> None:
    await department.operations.post("/accounts", {"name": "Acme"})

    with pytest.raises(asyncpg.RestrictViolationError, match="only ever added to"):
        await owner.execute(statement)


async def test_a_transaction_has_no_id_before_its_first_write(department: Department, database: Database) -> None:
    caller = Caller.system(department.organization_id)

    async with database.begin(caller) as tx:
        assigned = await tx.connection.fetchval("SELECT pg_current_xact_id_if_assigned()")

    assert assigned is None
