"""A department in which there is one of everything that can be created, and where it is."""

import re
from pathlib import Path

import httpx

from app.core.settings import Settings
from tests.builders.every_event import be_tested_and_gone, do_everything_else
from tests.builders.follow_up import file_review, record_satisfaction
from tests.builders.outcomes import open_deal_of, won_deal_of
from tests.builders.pipelines import create_pipeline
from tests.department import Department


async def create_everything(department: Department, settings: Settings, folder: Path) -> dict[str, str]:
    """Use every operation that creates; the `Location` of each 201 by the path that answered it."""
    created: dict[str, str] = {}

    async def note(response: httpx.Response) -> None:
        if response.status_code == httpx.codes.CREATED:
            created[response.request.url.path] = response.headers["Location"]

    department.http.event_hooks["response"].append(note)
    await do_everything_else(department, folder)
    await be_tested_and_gone(department, settings)
    await _create_the_rest(department)
    department.http.event_hooks["response"].remove(note)
    return created


def ids_in(locations: list[str], templates: list[str]) -> dict[str, str]:
    """Ids by the names that path parameters have for them."""
    found: dict[str, str] = {}
    for template in templates:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template))
        for match in filter(None, map(pattern.fullmatch, locations)):
            found |= match.groupdict()
    return found


async def _create_the_rest(department: Department) -> None:
    operations, manager = department.operations, await department.manager()
    await operations.post("/teams", {"name": "East"})
    await operations.post("/users", {"name": "Bo", "email": "bo@example.com", "position": "sales_manager"})
    key = await operations.post("/api-keys", {"user_id": str(manager.user_id), "name": "a key"})
    await operations.post(f"/api-keys/{key['id']}/rotation")
    pipeline = await create_pipeline(department, "Upgrades")
    await operations.post(f"/pipelines/{pipeline['id']}/versions", {"definition": pipeline["definition"]})
    endpoint = await operations.post("/webhook-endpoints", {"url": "http://127.0.0.1:9/hook", "event_types": ["*"]})
    await operations.post(f"/webhook-endpoints/{endpoint['id']}/secret-rotation")
    deal = await open_deal_of(department, manager)
    await manager.post("/objections", {"opportunity_id": deal, "summary": "Too expensive"})
    won = await won_deal_of(department, manager)
    await record_satisfaction(manager, won)
    await file_review(manager, won)
