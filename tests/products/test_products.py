import asyncpg
import pytest

from app.people.permissions import Position
from tests.builders.deals import offer_product
from tests.builders.evidence import UNKNOWN_ID
from tests.department import Department


async def test_products_are_listed_by_series_activity_name_and_external_id(department: Department) -> None:
    rep = await department.representative()
    basic = await offer_product(department, "GTX Basic", series="GTX", external_id="p-1")
    pro = await offer_product(department, "GTX Pro", series="GTX", is_active=False)
    special = await offer_product(department, "MG Special", series="MG")

    found = [
        (await rep.get("/products", sort="name", **filters))["items"]
        for filters in (
            {"series": "GTX"},
            {"series": ["GTX", "MG"]},
            {"is_active": "false"},
            {"q": "gtx p"},
            {"external_id": "p-1"},
        )
    ]

    assert found == [[basic, pro], [basic, pro, special], [pro], [pro], [basic]]


async def test_pages_of_products_by_price_are_complete(department: Department) -> None:
    for name, price in (("a", "3.00"), ("b", "1.00"), ("c", "2.00"), ("d", "2.00")):
        await offer_product(department, name, unit_price=price)
    rep = await department.representative()

    first = await rep.get("/products", sort="unit_price", limit=2)
    second = await rep.get("/products", sort="unit_price", limit=2, cursor=first["next_cursor"])

    assert [each["name"] for each in first["items"] + second["items"]] == ["b", "c", "d", "a"]
    assert second["next_cursor"] is None


@pytest.mark.parametrize("query", [{"sort": "series"}, {"is_active": "maybe"}, {"limit": "0"}, {"cursor": "x"}])
async def test_refuses_an_impossible_query(department: Department, query: dict[str, str]) -> None:
    rep = await department.representative()

    problem = await rep.get("/products", expect=422, **query)

    assert [error["pointer"] for error in problem["errors"]] == [f"/query/{next(iter(query))}"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("unit_price", "-1"),
        ("unit_price", "NaN"),
        ("unit_price", "1.001"),
        ("currency", "usd"),
        ("is_active", None),
        ("version", 7),
        ("organization_id", UNKNOWN_ID),
    ],
)
async def test_refuses_impossible_values(department: Department, field: str, value: object) -> None:
    body = {"name": "GTX", "unit_price": "10.00", "currency": "USD", field: value}

    problem = await department.operations.post("/products", body, expect=422)

    assert [error["pointer"] for error in problem["errors"]] == [f"/{field}"]
    assert (await department.operations.get("/products"))["items"] == []


async def test_a_change_keeps_what_is_not_sent_and_needs_the_current_version(department: Department) -> None:
    operations, gtx = department.operations, await offer_product(department, series="GTX")
    path = f"/products/{gtx['id']}"

    changed = await operations.patch(path, {"unit_price": "12.00"})
    stale = await operations.request("PATCH", path, json={"unit_price": "13.00"}, headers={"If-Match": '"1"'})

    assert (changed["unit_price"], changed["series"], changed["version"]) == ("12.00", "GTX", 2)
    assert stale.status_code == 412
    assert await operations.get(path) == changed


@pytest.mark.parametrize("body", [{}, {"name": None}, {"unit_price": None}, {"is_active": None}, {"id": UNKNOWN_ID}])
async def test_refuses_an_impossible_change(department: Department, body: dict[str, object]) -> None:
    gtx = await offer_product(department)

    await department.operations.patch(f"/products/{gtx['id']}", body, expect=422)

    assert await department.operations.get(f"/products/{gtx['id']}") == gtx


async def test_a_name_taken_is_refused_on_a_change_too(department: Department) -> None:
    await offer_product(department, "GTX Basic")
    pro = await offer_product(department, "GTX Pro")

    problem = await department.operations.patch(f"/products/{pro['id']}", {"name": "GTX Basic"}, expect=409)

    assert (problem["code"], problem["errors"][0]["pointer"]) == ("already_exists", "/name")


async def test_products_of_another_organization_do_not_exist(
    department: Department, other_department: Department
) -> None:
    gtx = await offer_product(department)
    stranger = other_department.operations

    await stranger.get(f"/products/{gtx['id']}", expect=404)
    await stranger.patch(f"/products/{gtx['id']}", {"name": "Mine"}, expect=404)
    same_name = await offer_product(other_department)

    assert (await stranger.get("/products"))["items"] == [same_name]


async def test_a_manager_does_not_write_products(department: Department) -> None:
    manager, gtx = await department.manager(), await offer_product(department)
    specialist = await department.hire(Position.SALES_OPERATIONS_SPECIALIST, None)

    await manager.patch(f"/products/{gtx['id']}", {"name": "Mine"}, expect=403)
    renamed = await specialist.patch(f"/products/{gtx['id']}", {"name": "GTX 2"})

    assert renamed["name"] == "GTX 2"


async def test_products_have_no_events(department: Department, owner: asyncpg.Connection) -> None:
    count = "SELECT count(*) FROM events WHERE organization_id = $1"
    before = await owner.fetchval(count, department.organization_id)
    gtx = await offer_product(department)

    await department.operations.patch(f"/products/{gtx['id']}", {"name": "GTX 2"})

    assert await owner.fetchval(count, department.organization_id) == before
