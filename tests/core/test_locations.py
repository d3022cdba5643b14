"""Whatever was created says where it is."""

import re
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from app.core.settings import Settings
from tests.builders.deals import offer_product
from tests.builders.everything import create_everything
from tests.builders.evidence import open_deal
from tests.department import Department


def templates(app: FastAPI) -> dict[str, re.Pattern[str]]:
    return {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path)) for path in app.openapi()["paths"]}


def created_by(app: FastAPI) -> dict[str, Any]:
    """The paths of the document that create, with what it says of their 201."""
    paths = app.openapi()["paths"].items()
    return {
        path: post["responses"]["201"]
        for path, each in paths
        if "201" in (post := each.get("post", {"responses": {}}))["responses"]
    }


async def test_every_creation_answers_with_the_path_of_what_was_created(
    app: FastAPI, department: Department, settings: Settings, tmp_path: Path
) -> None:
    created = await create_everything(department, settings, tmp_path)

    patterns = templates(app)
    unseen = {path for path in created_by(app) if not any(map(patterns[path].fullmatch, created))}
    readable = [each for path, each in patterns.items() if "get" in app.openapi()["paths"][path]]
    unreadable = [place for place in created.values() if not any(each.fullmatch(place) for each in readable)]
    assert (unseen, unreadable) == (set(), [])
    assert len(created) > 20


def test_every_creation_documents_its_location(app: FastAPI) -> None:
    creating = created_by(app)

    assert len(creating) > 20
    assert all(response["headers"]["Location"]["schema"]["format"] == "uri-reference" for response in creating.values())


async def test_a_new_record_is_where_its_location_says_in_the_version_that_was_answered(department: Department) -> None:
    created = await department.operations.request("POST", "/accounts", json={"name": "Acme"})

    read = await department.operations.request("GET", created.headers["Location"].removeprefix("/v1"))

    assert (read.status_code, read.json()) == (200, created.json())
    assert read.headers["ETag"] == created.headers["ETag"]


async def test_parts_of_a_deal_are_where_their_location_says(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)
    contact = await rep.post("/contacts", {"name": "Ann"})
    product = await offer_product(department)
    path = f"/opportunities/{deal['id']}"

    role = await rep.request("POST", f"{path}/contact-roles", json={"contact_id": contact["id"], "role": "champion"})
    item = await rep.request("POST", f"{path}/line-items", json={"product_id": product["id"], "quantity": "2"})

    for created in (role, item):
        place = created.headers["Location"].removeprefix("/v1")
        read = await rep.request("GET", place)
        assert (read.status_code, read.json()) == (200, created.json())
        assert read.headers["ETag"] == created.headers["ETag"]
        elsewhere = place.replace(deal["id"], (await open_deal(rep))["id"])
        assert (await rep.get(elsewhere, expect=404))["code"] == "not_found"


async def test_a_repeated_answer_has_its_location_too(department: Department) -> None:
    first, again = [await department.operations.post_keyed("/accounts", {"name": "Acme"}, "one") for _ in range(2)]

    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"] == f"/v1/accounts/{first.json()['id']}"


async def test_a_move_leads_to_the_record_that_moved_and_a_dry_run_nowhere(department: Department) -> None:
    manager = await department.manager()
    deal = await manager.post("/opportunities", {"name": "A deal"})
    path, move = f"/opportunities/{deal['id']}/transitions", {"to_stage": "qualification", "override_reason": "agreed"}

    dry = await manager.request("POST", path, json=move | {"dry_run": True})
    moved = await manager.request("POST", path, json=move)

    read = await manager.request("GET", moved.headers["Location"].removeprefix("/v1"))
    assert "Location" not in dry.headers
    assert (read.json()["id"], read.headers["ETag"]) == (deal["id"], moved.headers["ETag"])
