import asyncio
import json
from uuid import uuid4

import asyncpg
import pytest

from app.workflow.decision import LossReason
from tests.builders.pipelines import create_pipeline, definition_with, standard_pipeline
from tests.department import Department


async def test_an_organization_starts_with_a_standard_pipeline_for_leads_and_for_deals(department: Department) -> None:
    manager = await department.manager()

    page = await manager.get("/pipelines", sort="name")

    assert [(each["name"], each["subject"], each["current_version"], each["is_default"]) for each in page["items"]] == [
        ("Standard leads", "lead", 1, True),
        ("Standard sales", "opportunity", 1, True),
    ]
    standard = await manager.get(f"/pipelines/{page['items'][1]['id']}")
    assert [stage["name"] for stage in standard["definition"]["stages"]][:2] == ["prospecting", "qualification"]


async def test_a_new_pipeline_is_published_with_its_first_version(
    department: Department, owner: asyncpg.Connection
) -> None:
    pipeline = await create_pipeline(department, "Renewals")

    assert (pipeline["current_version"], pipeline["is_default"], pipeline["version"]) == (1, False, 1)
    assert await department.operations.get(f"/pipelines/{pipeline['id']}") == pipeline
    rows = await owner.fetch("SELECT type, sequence, body FROM events WHERE subject_id = $1", pipeline["id"])
    assert [(row["type"], row["sequence"]) for row in rows] == [("pipeline.published", 1)]
    event = json.loads(rows[0]["body"])
    assert event["subject"] == {"type": "pipeline", "id": pipeline["id"], "sequence": 1}
    assert event["data"]["object"] == pipeline


async def test_the_next_version_is_numbered_and_published_and_running_deals_keep_theirs(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    running = await rep.post("/opportunities", {"name": "Running"})
    standard = await standard_pipeline(department)

    version = await department.operations.post(
        f"/pipelines/{standard['id']}/versions", {"definition": definition_with(standard, label="First talk")}
    )

    later = await rep.post("/opportunities", {"name": "Later"})
    current = await department.operations.get(f"/pipelines/{standard['id']}")
    listed = await department.operations.get(f"/pipelines/{standard['id']}/versions")
    first = await department.operations.get(f"/pipelines/{standard['id']}/versions/1")
    events = await owner.fetch("SELECT type, sequence, body FROM events WHERE subject_id = $1", standard["id"])
    assert (version["number"], version["published_by"]) == (2, str(department.operations.user_id))
    assert (running["pipeline_version"], later["pipeline_version"], current["current_version"]) == (1, 2, 2)
    assert (await rep.get(f"/opportunities/{running['id']}"))["pipeline_version"] == 1
    assert current["definition"]["stages"][0]["label"] == "First talk"
    assert first["definition"] == standard["definition"]
    assert [each["number"] for each in listed["items"]] == [2, 1]
    assert [(row["type"], row["sequence"]) for row in events] == [("pipeline.published", 1)]
    assert json.loads(events[0]["body"])["data"]["before"] == {
        "current_version": 1,
        "definition": standard["definition"],
    }


async def test_versions_published_at_the_same_moment_are_numbered_without_gaps(department: Department) -> None:
    standard = await standard_pipeline(department)
    body = {"definition": standard["definition"]}

    await asyncio.gather(*(department.operations.post(f"/pipelines/{standard['id']}/versions", body) for _ in range(4)))

    first = await department.operations.get(f"/pipelines/{standard['id']}/versions", sort="number", limit=3)
    rest = await department.operations.get(
        f"/pipelines/{standard['id']}/versions", sort="number", limit=3, cursor=first["next_cursor"]
    )
    assert [each["number"] for page in (first, rest) for each in page["items"]] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("changes", "pointer", "words"),
    [
        ({"edges": []}, "/definition", "unreachable"),
        ({"stages": []}, "/definition", "no first stage"),
        ({"stages": [{"name": "Bad Name"}]}, "/definition/stages/0/name", "match"),
        ({"colour": "red"}, "/definition", "not permitted"),
        ({"subject": "account"}, "/definition/subject", "lead"),
        ({"subject": "lead"}, "/definition", "lead"),
    ],
)
async def test_refuses_an_unsound_definition_and_names_the_place(
    department: Department, changes: dict[str, object], pointer: str, words: str
) -> None:
    standard = await standard_pipeline(department)
    body = {"definition": {**standard["definition"], **changes}}

    problem = await department.operations.post(f"/pipelines/{standard['id']}/versions", body, expect=422)

    assert problem["errors"][0]["pointer"] == pointer
    assert words in problem["errors"][0]["detail"]
    assert (await department.operations.get(f"/pipelines/{standard['id']}"))["current_version"] == 1


async def test_refuses_a_definition_for_another_subject(department: Department) -> None:
    deals, leads = await standard_pipeline(department), await standard_pipeline(department, "lead")

    new = {"name": "Mixed", "subject": "lead", "definition": deals["definition"]}
    created = await department.operations.post("/pipelines", new, expect=422)
    published = await department.operations.post(
        f"/pipelines/{leads['id']}/versions", {"definition": deals["definition"]}, expect=422
    )

    assert created["errors"][0]["pointer"] == published["errors"][0]["pointer"] == "/definition/subject"


async def test_refuses_a_name_that_is_taken(department: Department) -> None:
    await create_pipeline(department, "Renewals")
    standard = await standard_pipeline(department)

    body = {"name": "Renewals", "subject": "opportunity", "definition": standard["definition"]}
    problem = await department.operations.post("/pipelines", body, expect=409)

    assert problem["errors"][0]["pointer"] == "/name"


async def test_pipelines_of_another_organization_do_not_exist(
    department: Department, other_department: Department
) -> None:
    theirs = await standard_pipeline(other_department)
    deal = await department.operations.post("/opportunities", {"name": "A deal"})
    body = {"definition": theirs["definition"]}

    for pipeline_id in (theirs["id"], deal["id"], uuid4()):
        await department.operations.get(f"/pipelines/{pipeline_id}", expect=404)
        await department.operations.get(f"/pipelines/{pipeline_id}/versions", expect=404)
        await department.operations.get(f"/pipelines/{pipeline_id}/versions/1", expect=404)
        await department.operations.post(f"/pipelines/{pipeline_id}/versions", body, expect=404)

    assert (await standard_pipeline(other_department))["current_version"] == 1


async def test_an_unknown_version_does_not_exist(department: Department) -> None:
    standard = await standard_pipeline(department)

    await department.operations.get(f"/pipelines/{standard['id']}/versions/2", expect=404)
    await department.operations.get(f"/pipelines/{standard['id']}/versions/99999999999", expect=422)


async def test_anybody_reads_the_loss_reasons(department: Department) -> None:
    rep = await department.representative()

    reasons = (await rep.get("/loss-reasons"))["items"]

    assert {each["loss_reason"] for each in reasons} == set(LossReason)
    assert [each["loss_reason"] for each in reasons if each["needs_reason"]] == ["other"]
