"""PUT by external id: created once, changed where something differs, by the rules of POST and PATCH."""

import asyncio

import asyncpg
import pytest

from app.people.permissions import MATRIX, Position, Reach
from tests.builders.leads import converted_lead
from tests.builders.matrix import NEEDED, TEAMS, Relation
from tests.builders.outcomes import lose_deal
from tests.builders.records import PATHS, PERMISSIONS, count_of_subjects, event_types, put
from tests.builders.workers import until
from tests.department import Department, Json

WAITING = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
ABSENT, TAKEN = {"If-None-Match": "*"}, "already_exists"


@pytest.mark.parametrize("path", PATHS)
async def test_creates_what_is_not_there_and_says_where(department: Department, path: str) -> None:
    rep = await department.representative()

    answer = await put(rep, path, "crm-7", {"name": "Acme"})

    created = answer.json()
    assert (answer.status_code, answer.headers["ETag"]) == (201, '"1"')
    assert answer.headers["Location"] == f"/v1/{path}/{created['id']}"
    assert (created["external_id"], created["owner_id"]) == ("crm-7", str(rep.user_id))
    assert await rep.get(f"/{path}/{created['id']}") == created


@pytest.mark.parametrize("path", PATHS)
async def test_changes_only_what_is_sent_of_what_is_there(
    department: Department, owner: asyncpg.Connection, path: str
) -> None:
    rep = await department.representative()
    before = await rep.post(f"/{path}", {"name": "Acme", "external_id": "crm-7"})

    answer = await put(rep, path, "crm-7", {"name": "Acme Ltd", "external_id": "crm-7"})

    after = answer.json()
    assert (answer.status_code, answer.headers["ETag"], "Location" in answer.headers) == (200, '"2"', False)
    assert after == before | {"name": "Acme Ltd", "version": 2, "updated_at": after["updated_at"]}
    assert await event_types(owner, department, path) == ["created", "updated"]


@pytest.mark.parametrize("path", PATHS)
async def test_repeated_it_changes_and_publishes_nothing(
    department: Department, owner: asyncpg.Connection, path: str
) -> None:
    rep = await department.representative()
    body = {"name": "Acme", "owner_id": None}
    first = await put(rep, path, "crm-7", body)

    again = await put(rep, path, "crm-7", body)

    assert (again.status_code, again.headers["ETag"]) == (200, '"1"')
    assert again.json() == first.json()
    assert await event_types(owner, department, path) == ["created"]


@pytest.mark.parametrize("path", PATHS)
async def test_twenty_at_once_create_one(department: Department, owner: asyncpg.Connection, path: str) -> None:
    rep = await department.representative()
    body = {"name": "Acme"} | ({"email": "ann@fields.example"} if path in {"leads", "contacts"} else {})

    answers = await asyncio.gather(*(put(rep, path, "crm-7", body) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.text for answer in answers}) == 1
    assert await event_types(owner, department, path) == ["created"]
    assert await count_of_subjects(owner, department, path) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_twenty_different_ones_at_once_all_count(
    department: Department, owner: asyncpg.Connection, path: str
) -> None:
    rep = await department.representative()

    answers = await asyncio.gather(*(put(rep, path, "crm-7", {"name": f"Acme {number}"}) for number in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert sorted(answer.json()["version"] for answer in answers) == list(range(1, 21))
    assert await event_types(owner, department, path) == ["created"] + ["updated"] * 19


@pytest.mark.parametrize("body", [{"name": "Ann"}, {"name": "Ann", "email": "ann@fields.example"}])
async def test_finds_the_record_that_somebody_else_is_just_posting(
    department: Department, owner: asyncpg.Connection, body: Json
) -> None:
    rep = await department.representative()
    async with owner.transaction():
        await owner.execute("LOCK TABLE events IN SHARE MODE")
        posting = asyncio.create_task(rep.post("/leads", body | {"external_id": "crm-7"}))
        await until(lambda: owner.fetch(WAITING), lambda rows: len(rows) == 1)
        putting = asyncio.create_task(put(rep, "leads", "crm-7", body | {"title": "Chair"}))
        await until(lambda: owner.fetch(WAITING), lambda rows: len(rows) == 2)

    posted, answer = await posting, await putting

    assert (answer.status_code, answer.json()["id"]) == (200, posted["id"])
    assert await event_types(owner, department, "leads") == ["created", "updated"]


async def test_an_external_id_may_hold_any_characters(department: Department) -> None:
    rep = await department.representative()

    answers = [
        await put(rep, "leads", each, {"name": "Ann"})
        for each in ("a/b", "qualification", "x/qualification", "%C3%BC", "a%20b%3Fc", "%2E%2E", "CRM-7", "crm-7")
    ]

    assert [answer.status_code for answer in answers] == [201] * 8
    assert [answer.json()["external_id"] for answer in answers] == [
        *("a/b", "qualification", "x/qualification", "ü", "a b?c", "..", "CRM-7", "crm-7")
    ]


@pytest.mark.parametrize("external_id", ["", "x" * 201, "a%00b"])
async def test_refuses_what_is_no_external_id(department: Department, external_id: str) -> None:
    refused = await put(department.operations, "leads", external_id, {"name": "Ann"})

    assert refused.status_code == 422


async def test_refuses_another_external_id_in_the_body(department: Department) -> None:
    refused = await put(department.operations, "accounts", "crm-7", {"name": "Acme", "external_id": "crm-8"})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/external_id")


@pytest.mark.parametrize("is_there", [True, False])
async def test_refuses_the_same_bodies_whether_it_is_there_or_not(department: Department, is_there: bool) -> None:  # noqa: FBT001 # a case
    if is_there:
        await put(department.operations, "leads", "crm-7", {"name": "Ann"})

    refused = [
        await put(department.operations, "leads", "crm-7", body)
        for body in ({}, {"name": None}, {"name": "Ann", "stage": "qualification"}, {"name": "Ann", "email": "ann"})
    ]

    assert [answer.status_code for answer in refused] == [422] * 4
    assert [answer.json()["errors"][0]["pointer"] for answer in refused] == ["/name", "/name", "/stage", "/email"]


@pytest.mark.parametrize("path", ["leads", "opportunities"])
async def test_owner_and_pipeline_count_only_for_a_new_record(
    department: Department, owner: asyncpg.Connection, path: str
) -> None:
    first, second = await department.representative(), await department.representative()
    body = {"name": "Acme", "owner_id": str(first.user_id)}
    created = (await put(department.operations, path, "crm-7", body)).json()
    await department.operations.post(
        f"/{path}/{created['id']}/assignment", {"owner_id": str(second.user_id)}, expect=200
    )

    again = await put(department.operations, path, "crm-7", body | {"pipeline_id": None})

    assert (again.status_code, again.json()["owner_id"]) == (200, str(second.user_id))
    assert await event_types(owner, department, path) == ["created", "assigned"]


async def test_an_accounts_owner_changes_as_by_patch(department: Department) -> None:
    rep = await department.representative()
    await put(department.operations, "accounts", "crm-7", {"name": "Acme"})

    changed = await put(department.operations, "accounts", "crm-7", {"name": "Acme", "owner_id": str(rep.user_id)})

    assert (changed.json()["owner_id"], changed.json()["team_id"]) == (str(rep.user_id), str(rep.team_id))


async def test_a_null_currency_keeps_the_deals_own(department: Department) -> None:
    rep = await department.representative()
    body = {"name": "GTX", "amount": "5.00", "currency": "EUR"}
    await put(rep, "opportunities", "crm-7", body)

    again = await put(rep, "opportunities", "crm-7", {"name": "GTX", "currency": None})

    assert (again.status_code, again.json()["currency"], again.json()["version"]) == (200, "EUR", 1)


async def test_what_is_closed_is_refused_only_where_something_would_change(department: Department) -> None:
    rep = await department.representative()
    lead = await converted_lead(rep, external_id="crm-7")
    deal = await rep.post("/opportunities", {"name": "GTX", "amount": "5.00", "external_id": "crm-7"})
    await lose_deal(rep, deal["id"])

    answers = [
        await put(rep, path, "crm-7", body)
        for path, body in (
            ("leads", {"name": lead["name"], "email": lead["email"]}),
            ("leads", {"name": "Other"}),
            ("opportunities", {"name": "GTX", "amount": "5.0"}),
            ("opportunities", {"name": "GTX", "amount": "6.00"}),
        )
    ]

    assert [answer.status_code for answer in answers] == [200, 409, 200, 409]
    assert [answers[index].json()["code"] for index in (1, 3)] == ["lead_closed", "deal_closed"]


async def test_a_lead_with_anothers_email_is_refused_unless_the_caller_insists(department: Department) -> None:
    rep = await department.representative()
    body = {"name": "Ann", "email": "ann@fields.example"}
    await rep.post("/leads", body)

    refused = await put(rep, "leads", "crm-7", body)
    created = await put(rep, "leads", "crm-7", body | {"allow_duplicate": True})
    again = await put(rep, "leads", "crm-7", body)

    assert (refused.status_code, refused.json()["code"]) == (409, "duplicate_lead")
    assert (created.status_code, again.status_code) == (201, 200)


@pytest.mark.parametrize("path", PATHS)
async def test_keeps_to_preconditions(department: Department, owner: asyncpg.Connection, path: str) -> None:
    rep = await department.representative()

    answers = [
        await put(rep, path, "crm-7", {"name": name}, headers)
        for name, headers in (
            ("A", {"If-Match": '"1"'}),
            ("B", {"If-Match": "*"}),
            ("C", ABSENT),
            ("D", ABSENT),
            ("E", {"If-Match": '"1"'}),
            ("F", {"If-Match": '"1"'}),
            ("G", {"If-Match": "*"}),
        )
    ]

    assert [answer.status_code for answer in answers] == [412, 412, 201, 412, 200, 412, 200]
    assert [answers[index].headers.get("ETag") for index in (0, 3, 5)] == [None, '"1"', '"2"']
    assert answers[-1].json()["name"] == "G"
    assert await event_types(owner, department, path) == ["created", "updated", "updated"]


async def test_of_twenty_that_only_create_one_does(department: Department) -> None:
    rep = await department.representative()

    answers = await asyncio.gather(*(put(rep, "accounts", "crm-7", {"name": "Acme"}, ABSENT) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [412] * 19


async def test_refuses_a_precondition_that_it_does_not_understand(department: Department) -> None:
    refused = await put(department.operations, "leads", "crm-7", {"name": "Ann"}, {"If-None-Match": '"1"'})

    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/header/If-None-Match")


@pytest.mark.parametrize("path", PATHS)
async def test_every_organization_has_external_ids_of_its_own(
    department: Department, other_department: Department, path: str
) -> None:
    theirs = (await put(other_department.operations, path, "crm-7", {"name": "Theirs"})).json()

    ours = await put(department.operations, path, "crm-7", {"name": "Ours"})

    assert (ours.status_code, ours.json()["id"] != theirs["id"]) == (201, True)
    assert await other_department.operations.get(f"/{path}/{theirs['id']}") == theirs


async def test_a_record_out_of_sight_is_answered_as_post_answers_it(department: Department) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")
    theirs = await stranger.post("/leads", {"name": "Theirs", "external_id": "crm-7"})

    posted = await rep.post("/leads", {"name": "Mine", "external_id": "crm-7"}, expect=409)
    refused = [
        await put(rep, "leads", "crm-7", {"name": "Mine"}, headers)
        for headers in ({}, ABSENT, {"If-Match": '"9"'}, {"If-Match": '"1"'})
    ]

    about = {"instance": "", "request_id": ""}
    assert [answer.json() | about for answer in refused] == [posted | about] * 4
    assert not any("ETag" in answer.headers for answer in refused)
    assert await stranger.get(f"/leads/{theirs['id']}") == theirs


@pytest.mark.parametrize("relation", Relation)
@pytest.mark.parametrize("position", Position)
@pytest.mark.parametrize("path", PATHS)
async def test_a_cell_of_the_matrix_is_kept(
    department: Department, path: str, position: Position, relation: Relation
) -> None:
    actor = await department.hire(position, "north")
    owner = actor if relation is Relation.OWN else await department.representative(TEAMS[relation])
    await department.operations.post(
        f"/{path}", {"name": "Acme", "external_id": "crm-7", "owner_id": str(owner.user_id)}
    )
    read, write = (MATRIX[f"{PERMISSIONS[path]}.{verb}"][position] for verb in ("read", "write"))

    answer = await put(actor, path, "crm-7", {"name": "Acme Ltd"})

    if write is Reach.NONE or (read >= NEEDED[relation] > write):
        assert answer.status_code == 403
    elif read < NEEDED[relation]:
        assert (answer.status_code, answer.json()["code"]) == (409, TAKEN)
    else:
        assert (answer.status_code, answer.json()["name"]) == (200, "Acme Ltd")


@pytest.mark.parametrize("path", PATHS)
async def test_nobody_makes_records_for_those_beyond_their_reach(department: Department, path: str) -> None:
    rep, stranger = await department.representative("north"), await department.representative("south")

    refused = await put(rep, path, "crm-7", {"name": "Acme", "owner_id": str(stranger.user_id)})

    assert refused.status_code == 403
