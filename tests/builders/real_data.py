"""The public data set "CRM Sales Opportunities": imported into a department, and computed straight from its files."""

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.imports.mapping import load_mapping
from app.imports.report import ImportReport
from app.imports.run import ImportOrder, run_import
from tests.department import Department

_REPOSITORY = Path(__file__).parents[2]
_SHARED_DATA = Path(os.environ.get("STAGELINE_SHARED_DATA", _REPOSITORY.parent / "shared" / "data"))

FOLDER = _SHARED_DATA / "crm_sales_opportunities"
MAPPING = _REPOSITORY / "tests" / "imports" / "crm_sales_opportunities.toml"

needs_real_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the public data set is not at {FOLDER}; STAGELINE_SHARED_DATA may say where it is"
)


async def import_real_data(department: Department, *, dry_run: bool = False) -> ImportReport:
    """Import all 8,800 deals, 35 agents with their 6 managers, 7 products and 85 accounts."""
    order = ImportOrder(FOLDER, load_mapping(MAPPING), dry_run=dry_run)
    return await run_import(department.database, department.system, order)


def won_by_region_and_quarter() -> dict[tuple[str, str], Decimal]:
    """What was won per regional office and quarter (`2017Q2`), from the files alone."""
    return {where: sum(values, Decimal(0)) for where, values in values_won().items()}


def values_won() -> dict[tuple[str, str], list[Decimal]]:
    """The value of every deal that was won, by regional office and quarter (`2017Q2`), from the files alone."""
    regions = {row["sales_agent"]: row["regional_office"] for row in rows("sales_teams.csv")}
    won: dict[tuple[str, str], list[Decimal]] = defaultdict(list)
    for deal in rows("sales_pipeline.csv"):
        if deal["deal_stage"] == "Won":
            closed_on = date.fromisoformat(deal["close_date"])
            quarter = f"{closed_on.year}Q{(closed_on.month + 2) // 3}"
            won[regions[deal["sales_agent"]], quarter].append(Decimal(deal["close_value"]))
    return dict(won)


def rows(file: str) -> Iterator[dict[str, str]]:
    """The rows of one of the files."""
    with (FOLDER / file).open(encoding="utf-8-sig", newline="") as opened:
        yield from csv.DictReader(opened)
