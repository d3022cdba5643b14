"""A PATCH that says what is so already."""

import asyncpg
import pytest

from tests.builders.leads import converted_lead
from tests.builders.records import PATHS, event_types
from tests.department import Department


@pytest.mark.parametrize("path", PATHS)
async def test_a_patch_that_changes_nothing_keeps_the_version_and_publishes_nothing(
    department: Department, owner: asyncpg.Connection, path: str
) -> None:
    rep = await department.representative()
    record = await rep.post(f"/{path}", {"name": "Acme"})

    answer = await rep.patch(f"/{path}/{record['id']}", {"name": " Acme "})

    assert answer == record
    assert await event_types(owner, department, path) == ["created"]


async def test_a_patch_that_changes_nothing_must_still_be_allowed_and_about_the_current_version(
    department: Department,
) -> None:
    rep, colleague = await department.representative(), await department.representative()
    lead = await rep.post("/leads", {"name": "Ann"})

    await colleague.patch(f"/leads/{lead['id']}", {"name": "Ann"}, expect=403)
    stale = await rep.request("PATCH", f"/leads/{lead['id']}", json={"name": "Ann"}, headers={"If-Match": '"2"'})

    assert stale.status_code == 412


async def test_a_closed_lead_may_be_told_what_it_is(department: Department) -> None:
    rep = await department.representative()
    lead = await converted_lead(rep)

    answer = await rep.patch(f"/leads/{lead['id']}", {"name": lead["name"]})

    assert answer == lead
