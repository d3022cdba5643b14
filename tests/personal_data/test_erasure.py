"""After an erasure nothing that was stored says who the person was; figures and history are as before."""

import asyncio
import json
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest

from app.core.database import Database
from app.core.roles import APP_ROLE
from app.core.settings import Settings
from app.people.permissions import Position
from app.webhooks.proof import prove
from tests.builders.audit import found_in, link_all, tampering, verified
from tests.builders.dump import dump_of
from tests.builders.event_schemas import mistakes_in
from tests.builders.leads import event_bodies
from tests.builders.months import worker_connections
from tests.builders.people_held import Held, hold_person, where_named
from tests.department import Department


@pytest.fixture
async def worker(settings: Settings) -> AsyncIterator[Database]:
    async with worker_connections(settings) as database:
        yield database


@pytest.fixture
async def held(department: Department, settings: Settings, owner: asyncpg.Connection, worker: Database) -> Held:
    held = await hold_person(department, settings, owner)
    await link_all(worker)
    return held


async def test_before_it_the_person_is_all_over_the_place(
    department: Department, owner: asyncpg.Connection, held: Held
) -> None:
    tables = set(await where_named(owner, held.words.name, department.organization_id))

    assert {"contacts", "leads", "accounts", "opportunities", "activities", "proposals", "issues"} <= tables
    assert {"events", "audit_log", "webhook_attempts"} <= tables
    assert "idempotency_keys" in await where_named(owner, held.words.email, department.organization_id)
    assert "stage_transitions" in await where_named(owner, held.words.said, department.organization_id)
    assert held.contact_id != held.lead_id


@pytest.mark.parametrize("record", ["contacts", "leads"])
async def test_after_it_no_dump_holds_the_person(
    department: Department, owner: asyncpg.Connection, held: Held, record: str
) -> None:
    record_id = held.contact_id if record == "contacts" else held.lead_id

    erased = await department.operations.post(f"/{record}/{record_id}/erasure", expect=200)

    assert (erased["contact_ids"], erased["lead_ids"]) == ([held.contact_id], [held.lead_id])
    named = {secret: await where_named(owner, secret, department.organization_id) for secret in held.words.all}
    assert named == {secret: [] for secret in held.words.all}
    dump = (await dump_of(owner)).lower()
    assert [secret for secret in held.words.all if secret.lower().encode() in dump] == []


async def test_figures_and_history_stay(department: Department, owner: asyncpg.Connection, held: Held) -> None:
    def counts() -> str:
        return ", ".join(
            f"(SELECT count(*) FROM {table} WHERE organization_id = $1) AS {table}"  # noqa: S608 # literals
            for table in ("events", "stage_transitions", "activities", "contracts", "satisfaction_surveys", "leads")
        )

    before = await owner.fetchrow(f"SELECT {counts()}", department.organization_id)
    deal = await held.rep.get(f"/opportunities/{held.deal_id}")

    await department.operations.post(f"/contacts/{held.contact_id}/erasure", expect=200)

    after = await owner.fetchrow(f"SELECT {counts()}", department.organization_id)
    assert dict(after) == {**before, "events": before["events"] + 2}
    now = await held.rep.get(f"/opportunities/{held.deal_id}")
    assert {name for name, value in now.items() if deal[name] != value} == {
        "name",
        "need_note",
        "version",
        "updated_at",
    }
    assert now["name"] == "(erased)"
    contact = await held.rep.get(f"/contacts/{held.contact_id}")
    assert [contact[name] for name in ("name", "email", "phone", "title", "external_id")] == ["(erased)", *[None] * 4]


async def test_consumers_are_told_and_every_event_keeps_the_shape_of_its_type(
    department: Department, owner: asyncpg.Connection, held: Held, database: Database, worker: Database
) -> None:
    await department.operations.post(f"/leads/{held.lead_id}/erasure", expect=200)

    last = {
        name: (await event_bodies(owner, id_))[-1]
        for name, id_ in (("contact", held.contact_id), ("lead", held.lead_id))
    }
    assert {name: (event["type"], event["data"]["object"]["name"]) for name, event in last.items()} == {
        "contact": ("contact.erased", "(erased)"),
        "lead": ("lead.erased", "(erased)"),
    }
    rows = await owner.fetch("SELECT body FROM events WHERE organization_id = $1", department.organization_id)
    assert [mistake for row in rows for mistake in mistakes_in(row["body"])] == []
    findings = [each async for each in prove(database, worker, department.organization_id)]
    assert [each.claim for each in findings if each.damaged] == []


async def test_the_chain_still_verifies_and_says_what_was_erased(
    department: Department, owner: asyncpg.Connection, worker: Database, held: Held
) -> None:
    await department.operations.post(f"/contacts/{held.contact_id}/erasure", expect=200)
    await link_all(worker)

    verification = await verified(worker, department)
    noted = await department.operations.get("/audit-log", record_type="audit_entry", limit=200)
    erasures = await department.operations.get("/audit-log", record_type="erasure")

    assert verification.findings == []
    assert verification.erased == len(noted["items"]) > 5
    assert {each["record_id"] for each in erasures["items"]} == {held.contact_id, held.lead_id}
    assert {each["actor_id"] for each in erasures["items"]} == {str(department.operations.user_id)}
    salts = await owner.fetchval(
        "SELECT count(*) FROM audit_links WHERE salt IS NOT NULL AND audit_id = ANY ($1)",
        [UUID(each["record_id"]) for each in noted["items"]],
    )
    assert salts == 0


async def test_what_is_left_of_an_erased_entry_is_still_watched(
    department: Department, owner: asyncpg.Connection, worker: Database, held: Held
) -> None:
    await department.operations.post(f"/contacts/{held.contact_id}/erasure", expect=200)
    await link_all(worker)
    noted = (await department.operations.get("/audit-log", record_type="audit_entry"))["items"][0]

    async with tampering(owner):
        await owner.execute("UPDATE audit_log SET after = '{}' WHERE id = $1", UUID(noted["record_id"]))

    assert [(damage, str(id_)) for damage, id_, _ in await found_in(worker, department)] == [
        ("edited", noted["record_id"])
    ]


async def test_repeated_it_does_nothing_and_what_is_written_since_is_erased_too(
    department: Department, owner: asyncpg.Connection, held: Held
) -> None:
    path = f"/contacts/{held.contact_id}/erasure"
    first = await department.operations.post(path, expect=200)
    events = len(await event_bodies(owner, held.contact_id))

    again = await department.operations.post(path, expect=200)
    unchanged = len(await event_bodies(owner, held.contact_id))
    await held.rep.patch(f"/contacts/{held.contact_id}", {"phone": held.words.phone})
    last = await department.operations.post(path, expect=200)

    assert (again, unchanged) == (first, events)
    assert last["erased_at"] > first["erased_at"]
    assert await where_named(owner, held.words.phone, department.organization_id) == []


async def test_a_repeated_request_of_before_is_answered_without_the_person_and_has_no_effect(
    department: Department, held: Held
) -> None:
    await department.operations.post(f"/contacts/{held.contact_id}/erasure", expect=200)

    again = await held.rep.post_keyed("/leads", held.person, held.key)

    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert (again.json()["id"], again.json()["name"], again.json()["email"]) == (held.lead_id, "(erased)", "(erased)")


async def test_another_person_of_the_same_account_stays(department: Department, held: Held) -> None:
    other = {"name": held.words.name + "son", "email": "son-" + held.words.email, "account_id": held.account_id}
    contact = await held.rep.post("/contacts", other)

    await department.operations.post(f"/contacts/{held.contact_id}/erasure", expect=200)

    assert await held.rep.get(f"/contacts/{contact['id']}") == contact


async def test_two_at_once_erase_once(department: Department, owner: asyncpg.Connection, held: Held) -> None:
    both = await asyncio.gather(
        department.operations.post(f"/contacts/{held.contact_id}/erasure", expect=200),
        department.operations.post(f"/leads/{held.lead_id}/erasure", expect=200),
    )

    assert both[0] == both[1]
    types = [event["type"] for event in await event_bodies(owner, held.contact_id)]
    assert types.count("contact.erased") == 1


@pytest.mark.parametrize("record", ["contacts", "leads"])
async def test_unknown_people_and_those_of_others_are_not_there(
    department: Department, other_department: Department, record: str
) -> None:
    theirs = await other_department.operations.post(f"/{record}", {"name": "Ann Field"})

    for record_id in (theirs["id"], str(uuid4())):
        await department.operations.get(f"/{record}/{record_id}/personal-data", expect=404)
        await department.operations.post(f"/{record}/{record_id}/erasure", expect=404)

    assert await other_department.operations.get(f"/{record}/{theirs['id']}") == theirs


async def test_a_specialist_of_operations_reads_and_does_not_erase(department: Department) -> None:
    specialist = await department.hire(Position.SALES_OPERATIONS_SPECIALIST, None)
    lead = await department.operations.post("/leads", {"name": "Ann Field"})

    await specialist.get(f"/leads/{lead['id']}/personal-data")
    await specialist.post(f"/leads/{lead['id']}/erasure", expect=403)


async def test_the_document_holds_all_that_names_the_person(department: Department, held: Held) -> None:
    found = await department.operations.get(f"/contacts/{held.contact_id}/personal-data")

    assert [each["id"] for each in found["contacts"]] == [held.contact_id]
    assert [each["id"] for each in found["leads"]] == [held.lead_id]
    assert {each["summary"] for each in found["activities"]} >= {"First call", f"{held.words.name} {held.words.said}"}
    assert [each["opportunity_id"] for each in found["contact_roles"]] == [held.deal_id]
    assert [each["comment"] for each in found["satisfaction_surveys"]] == [held.words.said]
    assert [each["signed_by_contact_id"] for each in found["contracts"]] == [held.contact_id]
    assert {each["type"] for each in found["events"]} >= {"lead.created", "lead.converted", "contact.created"}
    assert {each["record_type"] for each in found["audit_log"]} >= {"lead", "contact", "activity", "contact_role"}
    assert held.words.email in json.dumps(found["events"])
    assert found == await department.operations.get(f"/leads/{held.lead_id}/personal-data")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = '{}'",
        "UPDATE stage_transitions SET reason = 'x'",
        "UPDATE audit_log SET after = NULL",
        "UPDATE erasures SET erased_at = now()",
        "DELETE FROM erasures",
        "INSERT INTO erasures VALUES (gen_random_uuid(), 'lead', gen_random_uuid())",
        "SELECT note_erasure('event', '{x}', NULL)",
    ],
)
async def test_the_apps_role_erases_by_the_function_only(
    department: Department, database_url: str, statement: str
) -> None:
    connection = await asyncpg.connect(database_url, server_settings={"role": APP_ROLE})
    await connection.execute("SELECT set_config('app.organization_id', $1, false)", str(department.organization_id))
    await connection.execute("SELECT set_config('app.is_erasing', 'yes', false)")

    with pytest.raises((asyncpg.RestrictViolationError, asyncpg.InsufficientPrivilegeError)):
        await connection.execute(statement)

    await connection.close()
