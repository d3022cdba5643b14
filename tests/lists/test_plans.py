"""What Postgres does for a page of each list: whatever is offered to sort and to filter by, it reads few of many rows.

The statements are those that the service sends, in the app's role, the first time and once a plan is kept.
"""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from app.core.caller import Caller
from app.core.roles import APP_ROLE
from tests.builders.explaining import Explaining, outline, rows_read
from tests.builders.grown import fill
from tests.builders.listings import ORGANIZATION, OWNER, TEAM, Asked, Known, every_list
from tests.conftest import TEMPLATE, with_database

ROWS = 10_000
MOST_ROWS = 1_500
FEW = {"api_keys": 500, "pipelines": 20, "pipeline_versions": 20, "webhook_endpoints": 50}  # more than there are
LISTS = {each.name: each for each in every_list()}
SORTS = [(each.name, key) for each in LISTS.values() for key in each.listing.sorts]

# Without an index of their own: docs/decisions/0024-lists-are-read-from-one-place-on.md says why.
WALKED = {
    ("audit_listing", "action"),
    ("audit_listing", "source"),
    ("delivery_listing", "status"),
    ("delivery_listing", "event_type"),
    ("proposal_listing", "team_id"),
    ("contract_listing", "team_id"),
    ("account_listing", "annual_revenue_gte"),
    ("account_listing", "annual_revenue_lte"),
}
FILTERS = [
    (each.name, key) for each in LISTS.values() for key in each.listing.filters if (each.name, key) not in WALKED
]
FOR_ALL = {"handoff_listing"}  # of it, pages of who sees only some are walked too


@pytest.fixture(scope="module")
async def grown(server_url: str, database_url: str) -> AsyncIterator[str]:
    """A database of this file's own, with a large organization and small ones."""
    name = f"{database_url.rpartition('/')[2].partition('?')[0]}_lists"
    admin = await asyncpg.connect(server_url)
    await admin.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    url = with_database(server_url, name)
    owner = await asyncpg.connect(url)
    await fill(owner, {each.table.name: FEW.get(each.table.name, ROWS) for each in LISTS.values()})
    await owner.close()
    yield url
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def owner(grown: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(grown)
    yield connection
    await connection.close()


@pytest.fixture
async def app_connection(grown: str) -> AsyncIterator[asyncpg.Connection]:
    # so many rows are soon read as a whole: what is asked is the way that Postgres has when there are many more
    connection = await asyncpg.connect(grown, server_settings={"role": APP_ROLE, "enable_seqscan": "off"})
    yield connection
    await connection.close()


@pytest.mark.parametrize(("name", "key"), SORTS)
async def test_any_page_of_a_sort_is_read_from_one_place_on(
    owner: asyncpg.Connection, app_connection: asyncpg.Connection, name: str, key: str
) -> None:
    each = LISTS[name]
    middle = await each.middle(owner, key)

    for sort in (key, f"-{key}"):
        for cursor in (None, middle.cursor([sort, []])):
            await expect_few_rows(owner, app_connection, each, Asked(sort=sort, cursor=cursor))


@pytest.mark.parametrize(("name", "key"), FILTERS)
async def test_what_a_filter_finds_is_found_at_once(
    owner: asyncpg.Connection, app_connection: asyncpg.Connection, name: str, key: str
) -> None:
    each = LISTS[name]

    for value in (await each.values(owner, key)).values():
        await expect_few_rows(owner, app_connection, each, Asked(sort=each.default_sort, given={key: value}))


async def expect_few_rows(
    owner: asyncpg.Connection, app_connection: asyncpg.Connection, each: Known, asked: Asked
) -> None:
    """Ask as everybody would who may; none of the plans looks at many rows."""
    for reach, scope in (await each.scopes(owner)).items():
        if each.name in FOR_ALL and reach != "organization":
            continue
        tx = Explaining(app_connection, Caller(ORGANIZATION, OWNER, "sales_representative", TEAM, ()))

        await each.listing.page(tx, asked, **scope)

        read = [(rows_read(plan), outline(plan)) for plan in tx.plans]
        assert max(read)[0] <= MOST_ROWS, (reach, asked, read)
