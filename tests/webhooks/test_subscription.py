from uuid import uuid4

import asyncpg
import pytest

from app.core.database import Database
from tests.builders.lanes import NOWHERE, subscribe
from tests.builders.outcomes import move_deal
from tests.builders.pipelines import create_pipeline
from tests.department import Department


async def test_filters_by_pipeline_and_leaves_out_what_has_none(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    pipeline = await create_pipeline(department, "Renewals")
    filtered = await subscribe(
        department,
        worker_database,
        owner,
        event_types=["account.*", "opportunity.*"],
        pipeline_ids=[pipeline["id"]],
    )
    await department.operations.post("/accounts", {"name": "Acme"})
    await department.operations.post("/opportunities", {"name": "By the standard"})

    deal = await department.operations.post("/opportunities", {"name": "Renewal", "pipeline_id": pipeline["id"]})
    await filtered.until_all_fanned_out(department)

    assert await filtered.subjects() == [("opportunity.created", deal["id"])]


async def test_filters_by_the_step_that_a_deal_is_in_after_the_event(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    filtered = await subscribe(department, worker_database, owner, steps=["presentation"])
    manager = await department.manager()
    deal = await manager.post("/opportunities", {"name": "GTX for Acme"})

    for stage in ("qualification", "presentation", "negotiation"):
        await move_deal(manager, deal["id"], stage)
    await filtered.until_all_fanned_out(department)

    assert {event_type for event_type, _ in await filtered.subjects()} == {
        "opportunity.stage_changed",
        "opportunity.guard_overridden",
    }
    assert [row["step"] for row in await filtered.events()] == ["presentation"] * 2


async def test_filters_by_team_and_owner_together(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    rep, colleague, stranger = [await department.representative(team) for team in ("north", "north", "south")]
    of_team = await subscribe(department, worker_database, owner, team_ids=[str(department.teams["north"])])
    of_both = await subscribe(
        department,
        worker_database,
        owner,
        team_ids=[str(department.teams["north"])],
        owner_ids=[str(rep.user_id), str(stranger.user_id)],
    )

    accounts = [(await person.post("/accounts", {"name": "An account"}))["id"] for person in (rep, colleague, stranger)]
    await of_both.until_all_fanned_out(department)

    assert [subject for _, subject in await of_team.subjects()] == accounts[:2]
    assert [subject for _, subject in await of_both.subjects()] == accounts[:1]


async def test_filters_and_types_must_both_match(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    filtered = await subscribe(department, worker_database, owner, event_types=["lead.*"], owner_ids=[str(rep.user_id)])
    await rep.post("/accounts", {"name": "Acme"})
    await department.operations.post("/leads", {"name": "Nobody's"})

    lead = await rep.post("/leads", {"name": "Ada"})
    await filtered.until_all_fanned_out(department)

    assert await filtered.subjects() == [("lead.created", lead["id"])]


async def test_a_filter_that_is_taken_away_filters_no_more(
    department: Department, worker_database: Database, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    endpoint = await subscribe(department, worker_database, owner, owner_ids=[str(rep.user_id)])
    await department.operations.patch(endpoint.path, {"owner_ids": None})

    account = await department.operations.post("/accounts", {"name": "Acme"})
    await endpoint.until_all_fanned_out(department)

    assert await endpoint.subjects() == [("account.created", account["id"])]


@pytest.mark.parametrize("name", ["pipeline_ids", "team_ids", "owner_ids"])
async def test_refuses_filters_by_what_the_organization_does_not_have(
    department: Department, other_department: Department, name: str
) -> None:
    ours = {
        "pipeline_ids": (await create_pipeline(department, "Ours"))["id"],
        "team_ids": str(department.teams["north"]),
        "owner_ids": str(department.operations.user_id),
    }
    theirs = {
        "pipeline_ids": (await create_pipeline(other_department, "Theirs"))["id"],
        "team_ids": str(other_department.teams["north"]),
        "owner_ids": str(other_department.operations.user_id),
    }
    body = {"url": NOWHERE, "event_types": ["*"], name: [ours[name], str(uuid4()), theirs[name]]}
    endpoint = await department.operations.post("/webhook-endpoints", {**body, name: [ours[name]]})

    created = await department.operations.post("/webhook-endpoints", body, expect=422)
    changed = await department.operations.patch(
        f"/webhook-endpoints/{endpoint['id']}", {name: [theirs[name]]}, expect=422
    )

    assert [(error["pointer"], error["code"]) for error in created["errors"]] == [
        (f"/{name}/1", "unknown_reference"),
        (f"/{name}/2", "unknown_reference"),
    ]
    assert [error["pointer"] for error in changed["errors"]] == [f"/{name}/0"]


async def test_refuses_an_unknown_step(department: Department) -> None:
    body = {"url": NOWHERE, "event_types": ["*"], "steps": ["presentation", "dreaming"]}

    problem = await department.operations.post("/webhook-endpoints", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == ["/steps/1"]
