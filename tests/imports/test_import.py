import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from app.core.caller import Caller
from app.core.problems import Forbidden
from app.imports.report import Outcome, RowCounts
from app.imports.run import ImportInterrupted, UnknownOrganization
from tests.builders.imports import DEALS, count_rows, deals, import_small, mapping, write_folder
from tests.department import Department


async def test_imported_deals_are_read_like_any_other(department: Department, tmp_path: Path) -> None:
    report = await import_small(department, write_folder(tmp_path))

    assert report.outcome is Outcome.WRITTEN
    assert report.counts["opportunities"] == RowCounts(created=2)
    won = (await department.operations.get("/opportunities", external_id="d1"))["items"][0]
    assert (won["stage"], won["outcome"], won["amount"], won["probability"]) == ("follow_up", "won", "1054.00", 100)
    assert (won["opened_at"], won["closed_at"]) == ("2016-10-20T00:00:00Z", "2017-03-01T00:00:00Z")
    assert won["close_on"] == "2017-03-01"
    engaged = (await department.operations.get("/opportunities", external_id="d2"))["items"][0]
    assert (engaged["stage"], engaged["outcome"], engaged["closed_at"]) == ("qualification", "open", None)
    assert (engaged["account_id"], engaged["stage_entered_at"]) == (None, "2017-01-05T00:00:00Z")


async def test_people_teams_and_accounts_are_linked(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await import_small(department, write_folder(tmp_path))

    people = await owner.fetch(
        "SELECT u.name, u.email, u.position, t.name AS team, p.name AS region, m.name AS manager FROM users u "
        "JOIN teams t ON t.id = u.team_id JOIN teams p ON p.id = t.parent_id JOIN users m ON m.id = t.manager_id "
        "WHERE u.organization_id = $1 ORDER BY u.name",
        department.organization_id,
    )
    team = {"team": "Zoë Ray's team", "region": "Central", "manager": "Zoë Ray"}
    assert [dict(each) for each in people] == [
        {"name": "Anna Lee", "email": "anna.lee@sales.example", "position": "sales_representative", **team},
        {"name": "Zoë Ray", "email": "zoe.ray@sales.example", "position": "sales_manager", **team},
    ]
    accounts = (await department.operations.get("/accounts", sort="name"))["items"]
    assert accounts[1]["parent_id"] == accounts[0]["id"]
    deal = await owner.fetchrow(
        "SELECT u.external_id, o.team_id = u.team_id AS is_of_team FROM opportunities o JOIN users u "
        "ON u.id = o.owner_id WHERE o.organization_id = $1 AND o.external_id = 'd1'",
        department.organization_id,
    )
    assert (deal["external_id"], deal["is_of_team"]) == ("Anna Lee", True)


async def test_a_line_item_costs_what_the_deal_is_worth_or_the_list_price(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await import_small(department, write_folder(tmp_path))

    items = await owner.fetch(
        "SELECT i.unit_price FROM opportunity_line_items i JOIN opportunities o ON o.id = i.opportunity_id "
        "WHERE i.organization_id = $1 ORDER BY o.external_id",
        department.organization_id,
    )
    assert [each["unit_price"] for each in items] == [Decimal("1054.00"), Decimal("55.50")]


async def test_history_has_the_moves_that_the_source_dates(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    lost = "d3,Anna Lee,MG,,Lost,2017-01-05,2017-01-15,0"
    report = await import_small(department, write_folder(tmp_path, deals=DEALS + lost + "\n"))

    moves = await owner.fetch(
        "SELECT o.external_id, t.from_stage, t.to_stage, t.step, t.kind, t.outcome, t.loss_reason, t.occurred_at, "
        "t.seconds_in_from_stage, t.import_id, t.event_id FROM stage_transitions t JOIN opportunities o "
        "ON o.id = t.opportunity_id WHERE t.organization_id = $1 ORDER BY o.external_id, t.occurred_at, t.id",
        department.organization_id,
    )
    assert [tuple(each)[:7] for each in moves] == [
        ("d1", "prospecting", "qualification", "qualification", "forward", "open", None),
        ("d1", "qualification", "follow_up", "follow_up", "won", "won", None),
        ("d2", "prospecting", "qualification", "qualification", "forward", "open", None),
        ("d3", "prospecting", "qualification", "qualification", "forward", "open", None),
        ("d3", "qualification", "analysis", "analysis", "lost", "lost", "other"),
    ]
    assert moves[4]["occurred_at"] == datetime(2017, 1, 15, tzinfo=UTC)
    assert (moves[4]["seconds_in_from_stage"], moves[0]["seconds_in_from_stage"]) == (10 * 86_400, 0)
    assert {(each["import_id"], each["event_id"]) for each in moves} == {(report.import_id, None)}


async def test_days_begin_in_the_organizations_time_zone(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await owner.execute(
        "UPDATE organizations SET time_zone = 'America/New_York' WHERE id = $1", department.organization_id
    )

    await import_small(department, write_folder(tmp_path))

    won = (await department.operations.get("/opportunities", external_id="d1"))["items"][0]
    assert (won["opened_at"], won["closed_at"]) == ("2016-10-20T04:00:00Z", "2017-03-01T05:00:00Z")


async def test_an_imported_deal_can_be_changed_and_its_events_begin_at_one(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    await import_small(department, write_folder(tmp_path))
    deal = (await department.operations.get("/opportunities", external_id="d2"))["items"][0]

    changed = await department.operations.patch(f"/opportunities/{deal['id']}", {"name": "A better name"})

    events = await owner.fetch("SELECT type, sequence FROM events WHERE subject_id = $1::uuid", deal["id"])
    assert changed["version"] == 2
    assert [tuple(each) for each in events] == [("opportunity.updated", 1)]


async def test_publishes_one_event_for_the_whole_import(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    report = await import_small(department, write_folder(tmp_path))

    events = await owner.fetch(
        "SELECT type, subject_id, convert_from(body, 'UTF8')::jsonb -> 'data' -> 'object' ->> 'counts' AS counts "
        "FROM events WHERE organization_id = $1",
        department.organization_id,
    )
    assert [(each["type"], each["subject_id"]) for each in events] == [("import.completed", report.import_id)]
    assert '"opportunities": {"created": 2, "refused": 0, "unchanged": 0}' in events[0]["counts"]


async def test_a_second_run_changes_nothing(department: Department, owner: asyncpg.Connection, tmp_path: Path) -> None:
    folder = write_folder(tmp_path)
    await import_small(department, folder)
    before = await count_rows(owner, department)

    again = await import_small(department, folder)

    assert again.outcome is Outcome.UNCHANGED
    assert again.counts["opportunities"] == RowCounts(unchanged=2)
    assert await count_rows(owner, department) == before


async def test_a_later_run_adds_what_is_new_and_leaves_the_rest(department: Department, tmp_path: Path) -> None:
    await import_small(department, write_folder(tmp_path))
    altered = deals(
        "d1,Anna Lee,GTX,Acme,Won,2016-10-20,2017-03-01,9999", "d9,Anna Lee,GTX,Bluth,Engaging,2017-02-01,,"
    )

    report = await import_small(department, write_folder(tmp_path, deals=altered))

    assert report.counts["opportunities"] == RowCounts(created=1, unchanged=1)
    assert (await department.operations.get("/opportunities", external_id="d1"))["items"][0]["amount"] == "1054.00"


async def test_a_dry_run_tells_everything_and_writes_nothing(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    before = await count_rows(owner, department)
    folder = write_folder(tmp_path, deals=DEALS + "d3,Nobody,GTX,,Engaging,2017-01-05,,\n")

    report = await import_small(department, folder, dry_run=True)

    assert report.outcome is Outcome.DRY_RUN
    assert report.counts["opportunities"] == RowCounts(created=2, refused=1)
    assert [refusal.line for refusal in report.refusals] == [4]
    assert await count_rows(owner, department) == before


async def test_skipping_bad_rows_writes_the_good_ones(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path, deals=DEALS + "d3,Nobody,GTX,,Engaging,2017-01-05,,\n")

    report = await import_small(department, folder, skip_bad_rows=True)

    assert report.outcome is Outcome.WRITTEN
    assert report.counts["opportunities"] == RowCounts(created=2, refused=1)
    assert {each["external_id"] for each in (await department.operations.get("/opportunities"))["items"]} == {
        "d1",
        "d2",
    }


async def test_another_organizations_records_are_neither_seen_nor_touched(
    department: Department, other_department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path)
    await import_small(other_department, folder)
    theirs = await count_rows(owner, other_department)
    only_deals: dict[str, Any] = {"name": "deals only", "opportunities": mapping()["opportunities"]}

    alone = await import_small(department, folder, given=only_deals)
    whole = await import_small(department, folder)

    assert [refusal.reason for refusal in alone.refusals] == [
        "account 'Acme' is unknown or was refused",
        "owner 'Anna Lee' is unknown or was refused",
    ]
    assert whole.counts["opportunities"] == RowCounts(created=2)
    assert await count_rows(owner, other_department) == theirs


async def test_only_operations_may_import(department: Department, owner: asyncpg.Connection, tmp_path: Path) -> None:
    folder, before = write_folder(tmp_path), await count_rows(owner, department)
    manager = Caller(department.organization_id, uuid4(), "sales_manager", None, ())

    with pytest.raises(Forbidden):
        await import_small(department, folder, caller=manager)

    assert await count_rows(owner, department) == before


async def test_an_import_names_who_ran_it(department: Department, owner: asyncpg.Connection, tmp_path: Path) -> None:
    user_id = department.operations.user_id
    caller = Caller(department.organization_id, user_id, "sales_operations_manager", None, ())

    report = await import_small(department, write_folder(tmp_path), caller=caller)

    assert await owner.fetchval("SELECT actor_id FROM imports WHERE id = $1", report.import_id) == user_id


async def test_refuses_an_unknown_organization(department: Department, tmp_path: Path) -> None:
    with pytest.raises(UnknownOrganization):
        await import_small(department, write_folder(tmp_path), caller=Caller.system(uuid4()))


async def test_of_two_imports_at_once_one_is_told_to_wait(department: Department, tmp_path: Path) -> None:
    folder = write_folder(tmp_path)

    both = await asyncio.gather(
        import_small(department, folder), import_small(department, folder), return_exceptions=True
    )

    interrupted = [each for each in both if isinstance(each, ImportInterrupted)]
    written = [each for each in both if not isinstance(each, BaseException)]
    assert len(interrupted) + len(written) == 2
    assert [each.outcome for each in written].count(Outcome.WRITTEN) == 1
    assert len((await department.operations.get("/opportunities"))["items"]) == 2


async def test_the_record_of_an_import_is_never_changed(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    report = await import_small(department, write_folder(tmp_path))

    with pytest.raises(asyncpg.RestrictViolationError):
        await owner.execute("DELETE FROM imports WHERE id = $1", report.import_id)
