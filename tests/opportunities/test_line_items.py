import json

import asyncpg
import pytest

from tests.builders.deals import add_line_item, lose_deal, offer_product
from tests.builders.evidence import open_deal
from tests.department import Department


async def test_the_list_tells_the_total_of_all_items_and_the_currency(department: Department) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department)
    for quantity, discount in (("3", "0"), ("1", "33.33"), ("0.5", "0")):
        await add_line_item(rep, deal, gtx, quantity=quantity, discount_percent=discount)

    page = await rep.get(f"/opportunities/{deal['id']}/line-items", limit=1)

    assert len(page["items"]) == 1
    assert (page["total"], page["currency"]) == ("41.67", "USD")


async def test_an_empty_list_has_a_total_of_nothing(department: Department) -> None:
    rep = await department.representative()
    deal = await open_deal(rep)

    page = await rep.get(f"/opportunities/{deal['id']}/line-items")

    assert page == {"items": [], "next_cursor": None, "total": "0.00", "currency": "USD"}


async def test_the_total_of_large_items_is_still_told(department: Department) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department, unit_price="9999999999999999.99")
    for _ in range(2):
        await add_line_item(rep, deal, gtx)

    page = await rep.get(f"/opportunities/{deal['id']}/line-items")

    assert page["total"] == "19999999999999999.98"


async def test_refuses_an_item_whose_total_cannot_be_told_and_writes_nothing(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department, unit_price="9999999999999999.99")
    path = f"/opportunities/{deal['id']}/line-items"
    item = await add_line_item(rep, deal, gtx)

    added = await rep.post(path, {"product_id": gtx["id"], "quantity": "999999999.999"}, expect=422)
    changed = await rep.patch(f"{path}/{item['id']}", {"quantity": "2"}, expect=422)

    assert [error["code"] for problem in (added, changed) for error in problem["errors"]] == ["total_too_large"] * 2
    assert (await rep.get(path))["items"] == [item]
    assert await owner.fetchval("SELECT count(*) FROM events WHERE subject_id = $1", deal["id"]) == 2


async def test_a_deal_with_line_items_keeps_its_currency(department: Department, owner: asyncpg.Connection) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department)
    item = await add_line_item(rep, deal, gtx)
    path = f"/opportunities/{deal['id']}"

    refused = await rep.patch(path, {"currency": "EUR", "name": "Renamed"}, expect=422)
    same = await rep.patch(path, {"currency": "USD", "name": "Renamed"})
    await rep.delete(f"{path}/line-items/{item['id']}")
    changed = await rep.patch(path, {"currency": "EUR"})

    assert [(error["pointer"], error["code"]) for error in refused["errors"]] == [("/currency", "other_currency")]
    assert (same["version"], same["name"], changed["currency"]) == (2, "Renamed", "EUR")
    assert await owner.fetchval("SELECT count(*) FROM events WHERE subject_id = $1", deal["id"]) == 5


async def test_not_even_operations_change_the_currency_under_line_items(department: Department) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department)
    await add_line_item(rep, deal, gtx)
    await lose_deal(rep, deal)

    problem = await department.operations.patch(f"/opportunities/{deal['id']}", {"currency": "EUR"}, expect=422)

    assert problem["errors"][0]["pointer"] == "/currency"


async def test_each_change_of_an_item_is_an_event_of_the_deal(
    department: Department, owner: asyncpg.Connection
) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department)
    item = await add_line_item(rep, deal, gtx)
    path = f"/opportunities/{deal['id']}/line-items/{item['id']}"

    await rep.patch(path, {"quantity": "2"})
    await rep.delete(path)

    rows = await owner.fetch(
        "SELECT sequence, type, body FROM events WHERE subject_id = $1 ORDER BY sequence OFFSET 1", deal["id"]
    )
    assert [(row["sequence"], row["type"]) for row in rows] == [
        (2, "opportunity.line_item_added"),
        (3, "opportunity.line_item_changed"),
        (4, "opportunity.line_item_removed"),
    ]
    added, changed, removed = (json.loads(row["body"])["data"] for row in rows)
    assert added["object"] == item
    assert changed["before"] == {"quantity": "1.000", "total": "10.00"}
    assert (changed["object"]["quantity"], changed["object"]["total"]) == ("2.000", "20.00")
    assert removed["object"] == changed["object"]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
async def test_refuses_a_stale_version_of_an_item(department: Department, method: str) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department)
    item = await add_line_item(rep, deal, gtx)
    path = f"/opportunities/{deal['id']}/line-items"
    current = await rep.patch(f"{path}/{item['id']}", {"quantity": "2"})
    body = {"quantity": "3"} if method == "PATCH" else None

    response = await rep.request(method, f"{path}/{item['id']}", json=body, headers={"If-Match": '"1"'})

    assert (response.status_code, response.headers["ETag"]) == (412, '"2"')
    assert (await rep.get(path))["items"] == [current]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unit_price", "-0.01"),
        ("unit_price", "1.001"),
        ("discount_percent", "100.01"),
        ("discount_percent", "-1"),
        ("product_id", "GTX"),
        ("total", "1.00"),
    ],
)
async def test_refuses_impossible_values_of_an_item(department: Department, field: str, value: str) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department)
    body = {"product_id": gtx["id"], "quantity": "1", field: value}

    problem = await rep.post(f"/opportunities/{deal['id']}/line-items", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]


@pytest.mark.parametrize("field", ["quantity", "unit_price", "discount_percent"])
async def test_an_item_cannot_lose_what_it_needs(department: Department, field: str) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department)
    item = await add_line_item(rep, deal, gtx)

    problem = await rep.patch(f"/opportunities/{deal['id']}/line-items/{item['id']}", {field: None}, expect=422)

    assert problem["errors"][0]["pointer"] == f"/{field}"


async def test_refuses_a_product_that_is_no_longer_offered(department: Department) -> None:
    rep = await department.representative()
    deal, gtx = await open_deal(rep), await offer_product(department, is_active=False)

    problem = await rep.post(
        f"/opportunities/{deal['id']}/line-items", {"product_id": gtx["id"], "quantity": "1"}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/product_id"


async def test_refuses_a_product_of_another_organization(department: Department, other_department: Department) -> None:
    rep = await department.representative()
    deal, foreign = await open_deal(rep), await offer_product(other_department)

    problem = await rep.post(
        f"/opportunities/{deal['id']}/line-items", {"product_id": foreign["id"], "quantity": "1"}, expect=422
    )

    assert problem["errors"][0]["pointer"] == "/product_id"


async def test_the_total_of_the_list_rounds_as_its_items_do(department: Department) -> None:
    rep = await department.representative()
    # the item's exact total ends in …0.004999999: rounded in two steps it would be a cent more
    deal, gtx = await open_deal(rep), await offer_product(department, unit_price="1000000000050100.01")
    item = await add_line_item(rep, deal, gtx, quantity="0.001", discount_percent="0.01")

    page = await rep.get(f"/opportunities/{deal['id']}/line-items")

    assert page["total"] == item["total"]
