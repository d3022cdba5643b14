"""A small folder to import: one region, one manager, one agent, two products, two accounts, two deals."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg

from app.core.caller import Caller
from app.imports.mapping import check_mapping
from app.imports.report import ImportReport
from app.imports.run import ImportOrder, run_import
from tests.department import Department

TABLES = (
    "teams",
    "users",
    "products",
    "accounts",
    "opportunities",
    "opportunity_line_items",
    "stage_transitions",
    "subjects",
    "events",
    "imports",
)

PEOPLE = "agent,manager,region\nAnna Lee,Zoë Ray,Central\n"
PRODUCTS = "product,price\nGTX,550\nMG,55.50\n"
ACCOUNTS = "account,parent\nAcme,\nBluth,Acme\n"
DEALS_HEADER = "id,agent,product,account,stage,engaged,closed,value\n"
DEALS = (
    DEALS_HEADER + "d1,Anna Lee,GTX,Acme,Won,2016-10-20,2017-03-01,1054\n" + "d2,Anna Lee,MG,,Engaging,2017-01-05,,\n"
)


def mapping(**deals: Any) -> dict[str, Any]:
    """The mapping of the small folder; arguments change the section of the deals."""
    team = {"template": "{manager}'s team"}
    people = {"file": "people.csv", "distinct": True}
    return {
        "name": "small",
        "teams": [
            {**people, "columns": {"name": "region"}},
            {**people, "columns": {"name": team, "parent": "region", "manager": "manager"}},
        ],
        "users": [
            {
                **people,
                "email_domain": "sales.example",
                "columns": {"external_id": name, "name": name, "team": team},
                "constants": {"position": position},
            }
            for name, position in (("manager", "sales_manager"), ("agent", "sales_representative"))
        ],
        "products": [
            {
                "file": "products.csv",
                "columns": {"external_id": "product", "name": "product", "unit_price": "price"},
                "constants": {"currency": "USD"},
            }
        ],
        "accounts": [
            {"file": "accounts.csv", "columns": {"external_id": "account", "name": "account", "parent": "parent"}}
        ],
        "opportunities": [deal_section() | deals],
    }


def deal_section() -> dict[str, Any]:
    """How the deals of the small folder are read."""
    return {
        "file": "deals.csv",
        "columns": {
            "external_id": "id",
            "name": "id",
            "account": "account",
            "owner": "agent",
            "product": "product",
            "amount": "value",
            "opened_on": "engaged",
            "closed_on": "closed",
            "close_on": "closed",
            "stage": {"column": "stage", "map": {"Won": "follow_up", "Lost": "analysis", "Engaging": "qualification"}},
            "outcome": {"column": "stage", "map": {"Won": "won", "Lost": "lost", "Engaging": "open"}},
        },
        "constants": {"currency": "USD", "loss_reason": "other", "loss_note": "unknown"},
        "history": [{"stage": "qualification", "on": "engaged"}],
    }


def write_folder(folder: Path, **files: str | bytes) -> Path:
    """Write the small folder; arguments replace files by the name without `.csv`."""
    contents: dict[str, str | bytes] = {"people": PEOPLE, "products": PRODUCTS, "accounts": ACCOUNTS, "deals": DEALS}
    for name, content in (contents | files).items():
        data = content.encode() if isinstance(content, str) else content
        (folder / f"{name}.csv").write_bytes(data)
    return folder


def deals(*lines: str) -> str:
    """A file of deals."""
    return DEALS_HEADER + "".join(f"{line}\n" for line in lines)


async def import_small(
    department: Department,
    folder: Path,
    *,
    given: Mapping[str, Any] | None = None,
    caller: Caller | None = None,
    **options: bool,
) -> ImportReport:
    """Import a folder with a mapping, the small one unless given."""
    order = ImportOrder(folder, check_mapping(given or mapping()), **options)
    return await run_import(department.database, caller or department.system, order)


async def count_rows(owner: asyncpg.Connection, department: Department) -> dict[str, int]:
    """How many rows the organization has in every table that an import writes."""
    return {
        table: await owner.fetchval(
            f"SELECT count(*) FROM {table} WHERE organization_id = $1",  # noqa: S608 # names of this file
            department.organization_id,
        )
        for table in TABLES
    }
