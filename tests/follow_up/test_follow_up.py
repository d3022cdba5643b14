import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.follow_up import file_review, hand_off, open_issue, record_satisfaction
from tests.builders.outcomes import complete_deal, lost_deal_of, manager_over, open_deal_of, won_deal_of
from tests.department import Department


async def test_a_followed_up_deal_goes_on_to_its_end_without_an_override(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep, account_manager = await department.representative(), await department.hire(Position.ACCOUNT_MANAGER)
    deal = await won_deal_of(department, rep)
    issue = await open_issue(rep, deal)
    await hand_off(rep, account_manager, deal)
    await record_satisfaction(rep, deal)
    blocked = await rep.post(f"/opportunities/{deal}/transitions", {"to_stage": "analysis"}, expect=409)

    await rep.post(f"/issues/{issue['id']}/resolution", {"resolution": "A new invoice was sent"}, expect=200)
    await rep.post(f"/opportunities/{deal}/transitions", {"to_stage": "analysis"})
    await file_review(rep, deal)
    await rep.post(f"/opportunities/{deal}/transitions", {"to_stage": "completed"})

    assert [each["id"] for each in blocked["criteria"] if not each["satisfied"]] == ["no_open_issue"]
    assert (await rep.get(f"/opportunities/{deal}"))["completed_at"] is not None
    sequences = await owner.fetch("SELECT sequence FROM events WHERE subject_id = $1 ORDER BY sequence", deal)
    assert [row["sequence"] for row in sequences] == list(range(1, len(sequences) + 1))


async def test_an_answer_is_recorded_with_its_score(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    contact = await rep.post("/contacts", {"name": "Ada"})
    deal = await open_deal_of(department, rep)

    survey = await rep.post(
        "/satisfaction-surveys",
        {
            "opportunity_id": deal,
            "status": "answered",
            "score": 0,
            "comment": "Late",
            "contact_id": contact["id"],
            "asked_at": "2026-01-02T03:04:05Z",
        },
    )

    assert (survey["score"], survey["contact_id"], survey["asked_at"]) == (0, contact["id"], "2026-01-02T03:04:05Z")
    assert await rep.get(f"/satisfaction-surveys/{survey['id']}") == survey
    row = await owner.fetchrow("SELECT type, body FROM events WHERE subject_id = $1 AND sequence = 2", deal)
    assert row["type"] == "satisfaction.recorded"
    assert json.loads(row["body"])["data"]["object"] == survey


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"status": "answered"}, "/score"),
        ({"status": "attempted", "score": 5}, "/score"),
        ({"status": "answered", "score": 11}, "/score"),
        ({"status": "answered", "score": -1}, "/score"),
        ({"status": "ignored"}, "/status"),
        ({"asked_at": "2026-01-02T03:04:05"}, "/asked_at"),
        ({"asked_at": (datetime.now(UTC) + timedelta(days=1)).isoformat()}, "/asked_at"),
        ({"asked_at": "0001-01-01T00:00:00+14:00"}, "/asked_at"),
        ({"contact_id": str(uuid4())}, "/contact_id"),
        ({"comment": ""}, "/comment"),
        ({"version": 2}, "/version"),
    ],
)
async def test_refuses_a_wrong_survey_and_writes_nothing(
    department: Department, owner: asyncpg.Connection, changes: dict[str, object], pointer: str
) -> None:
    rep = await department.representative()
    deal = await open_deal_of(department, rep)

    problem = await rep.post(
        "/satisfaction-surveys", {"opportunity_id": deal, "status": "attempted", **changes}, expect=422
    )

    assert [error["pointer"] for error in problem["errors"]] == [pointer]
    assert (await rep.get("/satisfaction-surveys", opportunity_id=deal))["items"] == []
    assert await owner.fetchval("SELECT count(*) FROM events WHERE subject_id = $1", deal) == 1


async def test_an_issue_is_resolved_once(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal = await open_deal_of(department, rep)
    issue = await open_issue(rep, deal)

    resolved = await rep.post(f"/issues/{issue['id']}/resolution", {"resolution": "Corrected"}, expect=200)
    problem = await rep.post(f"/issues/{issue['id']}/resolution", {"resolution": "Corrected again"}, expect=409)

    assert (issue["status"], issue["severity"]) == ("open", "normal")
    assert (resolved["status"], resolved["resolution"], resolved["version"]) == ("resolved", "Corrected", 2)
    assert problem["code"] == "issue_already_resolved"
    assert await rep.get(f"/issues/{issue['id']}") == resolved
    types = await owner.fetch("SELECT type FROM events WHERE subject_id = $1 ORDER BY sequence", deal)
    assert [row["type"] for row in types] == ["opportunity.created", "issue.opened", "issue.resolved"]


async def test_issues_are_filtered_by_status_and_severity(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal_of(department, rep)
    solved = await open_issue(rep, deal)
    await rep.post(f"/issues/{solved['id']}/resolution", {"resolution": "Corrected"}, expect=200)
    critical = await rep.post("/issues", {"opportunity_id": deal, "title": "It is down", "severity": "critical"})

    still_open = await rep.get("/issues", status="open")
    severe = await rep.get("/issues", severity=["high", "critical"])

    assert still_open["items"] == severe["items"] == [critical]


async def test_a_review_is_filed_when_the_deal_is_closed(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    still_open = await open_deal_of(department, rep)
    deal = await lost_deal_of(department, rep)

    problem = await rep.post(
        "/reviews", {"opportunity_id": still_open, "reasons": ["The price"], "lesson": "None"}, expect=409
    )
    review = await file_review(rep, deal)

    assert problem["code"] == "deal_still_open"
    assert (review["filed_by"], review["reasons"], review["competitor"]) == (str(rep.user_id), ["The price"], "Globex")
    assert await rep.get(f"/reviews/{review['id']}") == review
    newest = await owner.fetchval("SELECT type FROM events WHERE subject_id = $1 ORDER BY sequence DESC LIMIT 1", deal)
    assert newest == "review.filed"


@pytest.mark.parametrize("reasons", [[], [""], ["a reason"] * 11, None, "a reason"])
async def test_a_review_names_one_to_ten_reasons(department: Department, reasons: object) -> None:
    rep = await department.representative()
    deal = await lost_deal_of(department, rep)

    problem = await rep.post("/reviews", {"opportunity_id": deal, "reasons": reasons, "lesson": "None"}, expect=422)

    assert problem["errors"][0]["pointer"].startswith("/reasons")


async def test_a_completed_deal_takes_no_more_records_but_its_issues_can_be_resolved(department: Department) -> None:
    rep = await department.representative()
    deal = await won_deal_of(department, rep)
    issue = await open_issue(rep, deal)
    await complete_deal(await manager_over(department, rep), deal)

    refused = [
        await rep.post("/satisfaction-surveys", {"opportunity_id": deal, "status": "attempted"}, expect=409),
        await rep.post("/issues", {"opportunity_id": deal, "title": "Another"}, expect=409),
        await rep.post("/reviews", {"opportunity_id": deal, "reasons": ["The price"], "lesson": "None"}, expect=409),
    ]

    assert {problem["code"] for problem in refused} == {"deal_completed"}
    await rep.post(f"/issues/{issue['id']}/resolution", {"resolution": "Corrected"}, expect=200)


async def test_records_about_deals_out_of_reach_do_not_exist(
    department: Department, other_department: Department
) -> None:
    rep = await department.representative("north")
    for where in (department, other_department):
        stranger = await where.representative("south")
        deal = await lost_deal_of(where, stranger)
        made = {
            "/issues": await open_issue(stranger, deal),
            "/satisfaction-surveys": await record_satisfaction(stranger, deal, None),
            "/reviews": await file_review(stranger, deal),
        }

        for path, record in made.items():
            await rep.get(f"{path}/{record['id']}", expect=404)
            assert (await rep.get(path))["items"] == []
            assert (await stranger.get(path))["items"] == [record]
        await rep.post(f"/issues/{made['/issues']['id']}/resolution", {"resolution": "Mine"}, expect=404)
        await rep.post("/issues", {"opportunity_id": deal, "title": "Mine"}, expect=404)
