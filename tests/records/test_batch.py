"""Many records in one request: each by the rules, and with the events, of a request of its own."""

from typing import Any

import asyncpg
import pytest

from app.people.permissions import MATRIX, Position, Reach
from tests.builders.evidence import UNKNOWN_ID
from tests.builders.records import (
    PATHS,
    PERMISSIONS,
    count_of_subjects,
    event_types,
    pointers,
    post_batch,
    statuses,
)
from tests.department import Department, Json

ALONE = {"mode": "per_item"}
UPSERT = {"operation": "upsert"}
THREE = [{"name": f"Acme {number}"} for number in range(3)]


@pytest.mark.parametrize("mode", ["all_or_nothing", "per_item"])
@pytest.mark.parametrize("path", PATHS)
async def test_creates_each_record_in_order_with_its_event(
    department: Department, owner: asyncpg.Connection, path: str, mode: str
) -> None:
    rep = await department.representative()

    answer = await post_batch(rep, path, THREE, mode=mode)

    items = answer.json()["items"]
    assert statuses(answer) == [201, 201, 201]
    assert [item["record"]["name"] for item in items] == ["Acme 0", "Acme 1", "Acme 2"]
    assert [item["problem"] for item in items] == [None] * 3
    assert [await rep.get(f"/{path}/{item['record']['id']}") for item in items] == [item["record"] for item in items]
    assert await event_types(owner, department, path) == ["created"] * 3


@pytest.mark.parametrize("mode", ["all_or_nothing", "per_item"])
async def test_a_batch_is_one_transaction(department: Department, owner: asyncpg.Connection, mode: str) -> None:
    await post_batch(department.operations, "leads", THREE, mode=mode)

    transactions = await owner.fetch(
        "SELECT DISTINCT xid FROM events WHERE organization_id = $1 AND subject_type = 'lead'",
        department.organization_id,
    )

    assert len(transactions) == 1


async def test_all_or_nothing_names_everything_wrong_in_all_items_and_writes_nothing(
    department: Department, owner: asyncpg.Connection
) -> None:
    items: list[Any] = [{"name": "Ann"}, {"email": "ann"}, "Ann", {"name": "Ann", "stage": "closing", "phone": "1"}]

    answer = await post_batch(department.operations, "leads", items)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert pointers(answer.json()) == [
        "/items/1/email",
        "/items/1/name",
        "/items/2",
        "/items/3/phone",
        "/items/3/stage",
    ]
    assert await count_of_subjects(owner, department, "leads") == 0


@pytest.mark.parametrize(
    ("path", "bad", "refusal"),
    [
        ("leads", {"name": "Ann", "email": "taken@fields.example"}, (409, "/items/2")),
        ("leads", {"name": "Ann", "external_id": "taken"}, (409, "/items/2/external_id")),
        ("leads", {"name": "Ann", "owner_id": UNKNOWN_ID}, (422, "/items/2/owner_id")),
        ("leads", {"name": "Ann", "pipeline_id": UNKNOWN_ID}, (422, "/items/2/pipeline_id")),
        ("contacts", {"name": "Ann", "account_id": UNKNOWN_ID}, (422, "/items/2/account_id")),
        ("accounts", {"name": "Acme", "annual_revenue": "1.00"}, (422, "/items/2/annual_revenue_currency")),
        (
            "opportunities",
            {"name": "GTX", "source_opportunity_id": UNKNOWN_ID},
            (422, "/items/2/source_opportunity_id"),
        ),
    ],
)
async def test_one_refusal_refuses_all_or_its_item_alone(
    department: Department, owner: asyncpg.Connection, path: str, bad: Json, refusal: tuple[int, str]
) -> None:
    (status, pointer), rep = refusal, await department.representative()
    await rep.post("/leads", {"name": "Taken", "email": "taken@fields.example", "external_id": "taken"})
    published = await event_types(owner, department, path)
    single = await rep.request("POST", f"/{path}", json=bad)

    refused = await post_batch(rep, path, [*THREE[:2], bad, *THREE[2:]])
    nothing = await event_types(owner, department, path)
    answer = await post_batch(rep, path, [*THREE[:2], bad, *THREE[2:]], **ALONE)

    assert (single.status_code, refused.status_code, pointers(refused.json())) == (status, status, [pointer])
    assert statuses(answer) == [201, 201, status, 201]
    assert (refused.json()["code"], nothing) == (single.json()["code"], published)
    assert await event_types(owner, department, path) == [*published, "created", "created", "created"]


async def test_an_items_problem_is_the_document_that_the_item_would_get_alone(department: Department) -> None:
    rep = await department.representative()
    taken = await rep.post("/leads", {"name": "Ann", "email": "ann@fields.example"})
    bad = {"name": "Ann", "email": "ann@fields.example"}
    alone = await rep.post("/leads", bad, expect=409)

    (item,) = (await post_batch(rep, "leads", [bad], **ALONE)).json()["items"]

    problem = item["problem"]
    assert (item["status"], item["record"], problem["instance"]) == (409, None, "/v1/leads/batch")
    assert problem["errors"] == [{"pointer": "/items/0", "code": "duplicate_lead", "detail": problem["detail"]}]
    assert [candidate["id"] for candidate in problem["candidates"]] == [taken["id"]]
    about = {"instance": "", "request_id": "", "errors": []}
    assert problem | about == alone | about


async def test_items_of_one_batch_meet_each_other(department: Department) -> None:
    rep = await department.representative()
    twins = [{"name": "Ann", "email": "Ann@fields.example"}, {"name": "Ann", "email": "ann@FIELDS.example"}]
    same = [{"name": "A", "external_id": "crm-7"}, {"name": "B", "external_id": "crm-7"}, {"name": "C"}]

    together = await post_batch(rep, "leads", twins)
    alone = await post_batch(rep, "leads", twins, **ALONE)
    named = await post_batch(rep, "accounts", same, **ALONE)

    assert (together.status_code, pointers(together.json())) == (409, ["/items/1"])
    assert statuses(alone) == [201, 409]
    assert statuses(named) == [201, 409, 201]


@pytest.mark.parametrize("mode", ["all_or_nothing", "per_item"])
@pytest.mark.parametrize("path", PATHS)
async def test_an_upsert_creates_changes_and_leaves_alone(
    department: Department, owner: asyncpg.Connection, path: str, mode: str
) -> None:
    rep = await department.representative()
    items = [{"name": name, "external_id": f"crm-{number}"} for number, name in enumerate("ABC")]
    await post_batch(rep, path, items[:2])

    answer = await post_batch(rep, path, [items[0], items[1] | {"name": "Z"}, items[2]], mode=mode, **UPSERT)

    assert statuses(answer) == [200, 200, 201]
    assert [item["record"]["version"] for item in answer.json()["items"]] == [1, 2, 1]
    assert await event_types(owner, department, path) == ["created", "created", "updated", "created"]


@pytest.mark.parametrize("mode", ["all_or_nothing", "per_item"])
async def test_an_upsert_may_name_a_record_twice(department: Department, mode: str) -> None:
    rep = await department.representative()
    items = [{"name": name, "external_id": "crm-7"} for name in ("A", "B", "B", "C")]

    answer = await post_batch(rep, "opportunities", items, mode=mode, **UPSERT)

    assert statuses(answer) == [201, 200, 200, 200]
    assert [item["record"]["version"] for item in answer.json()["items"]] == [1, 2, 2, 3]


async def test_an_upsert_needs_an_external_id(department: Department) -> None:
    items: list[Json] = [{"name": "A", "external_id": "crm-7"}, {"name": "B"}, {"name": "C", "external_id": None}]

    refused = await post_batch(department.operations, "accounts", items, **UPSERT)
    answer = await post_batch(department.operations, "accounts", items, **UPSERT, **ALONE)

    assert (refused.status_code, pointers(refused.json())) == (422, ["/items/1/external_id", "/items/2/external_id"])
    assert statuses(answer) == [201, 422, 422]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/items"),
        ({"items": []}, "/items"),
        ({"items": [{"name": "A"}] * 201}, "/items"),
        ({"items": {"name": "A"}}, "/items"),
        ({"items": THREE, "mode": "some"}, "/mode"),
        ({"items": THREE, "operation": "delete"}, "/operation"),
        ({"items": THREE, "dry_run": True}, "/dry_run"),
    ],
)
async def test_refuses_what_is_no_batch(department: Department, body: Json, pointer: str) -> None:
    problem = await department.operations.post("/accounts/batch", {"mode": "per_item", **body}, expect=422)

    assert pointers(problem) == [pointer]


async def test_takes_200_items(department: Department) -> None:
    answer = await post_batch(department.operations, "contacts", [{"name": f"{number}"} for number in range(200)])

    assert [item["record"]["name"] for item in answer.json()["items"]] == [f"{number}" for number in range(200)]


@pytest.mark.parametrize("mode", ["all_or_nothing", "per_item"])
async def test_a_keyed_batch_is_written_once_and_answered_with_the_same_bytes(
    department: Department, owner: asyncpg.Connection, mode: str
) -> None:
    rep = await department.representative()
    items: list[Json] = [*THREE, {"name": ""}] if mode == "per_item" else [*THREE]

    first = await post_batch(rep, "accounts", items, key="one", mode=mode)
    again = await post_batch(rep, "accounts", items, key="one", mode=mode)

    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (200, "true")
    assert again.content == first.content
    assert await event_types(owner, department, "accounts") == ["created"] * 3


async def test_a_refused_batch_leaves_its_key_free(department: Department) -> None:
    rep = await department.representative()

    refused = await post_batch(rep, "accounts", [*THREE, {"name": "A", "parent_id": UNKNOWN_ID}], key="one")
    mended = await post_batch(rep, "accounts", [*THREE, {"name": "A"}], key="one")

    assert (refused.status_code, statuses(mended)) == (422, [201] * 4)


async def test_another_organizations_records_do_not_exist(department: Department, other_department: Department) -> None:
    theirs = (await post_batch(other_department.operations, "accounts", [{"name": "A", "external_id": "crm-7"}])).json()
    foreign_id = theirs["items"][0]["record"]["id"]
    stranger = await other_department.representative()

    answer = await post_batch(
        department.operations,
        "accounts",
        [
            {"name": "B", "external_id": "crm-7"},
            {"name": "C", "external_id": "crm-8", "parent_id": foreign_id},
            {"name": "D", "external_id": "crm-9", "owner_id": str(stranger.user_id)},
        ],
        **UPSERT,
        **ALONE,
    )

    assert statuses(answer) == [201, 422, 422]
    assert (await other_department.operations.get(f"/accounts/{foreign_id}"))["name"] == "A"


async def test_what_is_out_of_reach_is_refused_per_item(department: Department) -> None:
    rep, colleague = await department.representative("north"), await department.representative("north")
    stranger = await department.representative("south")
    await colleague.post("/leads", {"name": "Seen", "external_id": "seen"})
    await stranger.post("/leads", {"name": "Unseen", "external_id": "unseen"})

    answer = await post_batch(
        rep,
        "leads",
        [
            {"name": "Mine", "external_id": "seen"},
            {"name": "Mine", "external_id": "unseen"},
            {"name": "Theirs", "external_id": "new", "owner_id": str(stranger.user_id)},
            {"name": "Mine", "external_id": "mine"},
        ],
        **UPSERT,
        **ALONE,
    )

    assert statuses(answer) == [403, 409, 403, 201]
    assert answer.json()["items"][1]["problem"]["code"] == "already_exists"


@pytest.mark.parametrize("position", Position)
@pytest.mark.parametrize("path", PATHS)
async def test_who_may_post_one_may_post_many(department: Department, path: str, position: Position) -> None:
    actor = await department.hire(position)

    answer = await post_batch(actor, path, THREE)

    is_allowed = MATRIX[f"{PERMISSIONS[path]}.write"][position] is not Reach.NONE
    assert answer.status_code == (200 if is_allowed else 403)
