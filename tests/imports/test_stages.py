from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.builders.imports import deal_section, deals, import_small, mapping, write_folder
from tests.department import Department

_STAGES: dict[str, Any] = {
    "stage": {"template": "{stage}"},
    "outcome": {"column": "product", "map": {"GTX": "won", "MG": "lost"}, "default": "open"},
}


@pytest.mark.parametrize(
    ("product", "stage", "reason"),
    [
        ("", "follow_up", "stage follow_up is no place for a deal that is open"),
        ("", "completed", "stage completed is no place for a deal that is open"),
        ("GTX", "qualification", "stage qualification is no place for a deal that is won"),
        ("MG", "follow_up", "stage follow_up is no place for a deal that is lost"),
        ("", "daydreaming", "stage: this pipeline has no stage 'daydreaming'"),
    ],
)
async def test_refuses_a_stage_where_no_such_deal_can_be(
    department: Department, tmp_path: Path, product: str, stage: str, reason: str
) -> None:
    given = mapping(columns=deal_section()["columns"] | _STAGES)
    folder = write_folder(tmp_path, deals=deals(f"d1,Anna Lee,{product},,{stage},2017-01-01,2017-02-01,"))

    report = await import_small(department, folder, given=given)

    assert report.refusals == [("deals.csv", 2, reason)]


async def test_a_deal_in_the_last_stage_was_completed_when_it_closed(department: Department, tmp_path: Path) -> None:
    given = mapping(columns=deal_section()["columns"] | _STAGES)
    folder = write_folder(tmp_path, deals=deals("d1,Anna Lee,GTX,,completed,2017-01-01,2017-02-01,5"))

    await import_small(department, folder, given=given)

    deal = (await department.operations.get("/opportunities"))["items"][0]
    assert deal["completed_at"] == deal["closed_at"] == "2017-02-01T00:00:00Z"
    assert deal["loss_reason"] is None


async def test_history_goes_back_when_the_source_says_so(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    given = mapping(
        columns=deal_section()["columns"] | _STAGES | {"opened_on": {"column": "engaged"}, "amount": "value"},
        history=[
            {"stage": "presentation", "on": "engaged"},
            {"stage": "qualification", "on": "closed"},
        ],
    )
    folder = write_folder(tmp_path, deals=deals("d1,Anna Lee,,,qualification,2017-01-01,2017-01-03,"))

    await import_small(department, folder, given=given)

    moves = await owner.fetch(
        "SELECT from_stage, to_stage, kind, seconds_in_from_stage FROM stage_transitions WHERE organization_id = $1 "
        "ORDER BY occurred_at",
        department.organization_id,
    )
    assert [tuple(each) for each in moves] == [
        ("prospecting", "presentation", "forward", 0),
        ("presentation", "qualification", "back", 2 * 86_400),
    ]


async def test_a_lost_deal_remembers_where_it_was_lost(
    department: Department, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    folder = write_folder(tmp_path, deals=deals("d1,Anna Lee,MG,,Lost,2017-01-01,2017-02-01,0"))

    await import_small(department, folder)

    left = await owner.fetchval(
        "SELECT left_stage FROM opportunities WHERE organization_id = $1", department.organization_id
    )
    assert left == "qualification"
